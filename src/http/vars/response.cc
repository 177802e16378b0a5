// Variables that the answer tells: status, sizes, fields as they were sent.
#include "base/clock.h"
#include "conf/value.h"
#include "http/vars/text_of.h"

namespace sluice::http {

namespace {

using conf::Evaluation;
using conf::Realm;
using conf::Value;
using conf::Variable;
using conf::VariableRow;

constexpr uint16_t kNoAnswer = 444;
constexpr uint16_t kClientGone = 499;

// What the client was told, or why it was told nothing.
uint16_t status_of(const Request& r) {
  if (r.discard_connection) { return kNoAnswer; }
  if (!r.head_sent && r.scope.canceled()) { return kClientGone; }
  // While an error page is made, it is about the error.
  bool page = !r.head_sent && r.error_status != 0 && r.forced_status > 0;
  return page ? static_cast<uint16_t>(r.forced_status) : r.response.status;
}

Value get_status(Evaluation& in, const Variable&) { return decimal(in.arena(), status_of(request_of(in))); }

Value get_bytes_sent(Evaluation& in, const Variable&) {
  return decimal(in.arena(), request_of(in).exchange.bytes_sent());
}

Value get_body_bytes_sent(Evaluation& in, const Variable&) {
  return decimal(in.arena(), request_of(in).body_bytes_sent);
}

Value get_request_time(Evaluation& in, const Variable&) {
  return seconds(in.arena(), clock::now() - request_of(in).started_at);
}

Value get_request_completion(Evaluation& in, const Variable&) {
  return {request_of(in).completed ? "OK" : ""};
}

Value get_limit_rate(Evaluation& in, const Variable&) {
  return decimal(in.arena(), request_of(in).response.rate);
}

void set_limit_rate(Evaluation& in, const Variable&, string_view value) {
  if (auto size = conf::parse_size(value)) { request_of(in).response.rate = size->bytes; }
}

// --- fields ---

Value get_sent_field(Evaluation& in, const Variable& variable) {
  return value_of(find_field(request_of(in).response.fields, variable.suffix, ", "));
}

Value get_sent_trailer(Evaluation& in, const Variable& variable) {
  return value_of(find_field(request_of(in).response.trailers, variable.suffix, ", "));
}

Value get_sent_content_type(Evaluation& in, const Variable&) {
  return unless_empty(request_of(in).response.content_type);
}

bool has_no_body(uint16_t status) { return status < 200 || status == 204 || status == 304; }

Value get_sent_content_length(Evaluation& in, const Variable&) {
  const Response& response = request_of(in).response;
  if (response.length < 0 || has_no_body(response.status)) { return {}; }
  return decimal(in.arena(), static_cast<uint64_t>(response.length));
}

Value get_sent_last_modified(Evaluation& in, const Variable&) {
  const Response& response = request_of(in).response;
  if (Found field = find_field(response.fields, FieldId::last_modified, ", ")) { return {*field}; }
  if (response.last_modified < 0) { return {}; }
  char* out = in.arena().characters(clock::kHttpDateSize);
  clock::write_http_date(out, response.last_modified);
  return {{out, clock::kHttpDateSize}};
}

Value get_sent_transfer_encoding(Evaluation& in, const Variable&) {
  Request& r = request_of(in);
  bool unframed = r.response.length < 0 && !r.is_head() && !has_no_body(r.response.status);
  bool chunked = unframed && r.head.major == 1 && r.head.minor >= 1 && r.core().chunked_transfer_encoding;
  return chunked ? Value("chunked") : Value();
}

Value get_sent_connection(Evaluation& in, const Variable&) {
  Request& r = request_of(in);
  if (r.response.status == 101) { return {"upgrade"}; }
  return {r.exchange.closes_after() ? "close" : "keep-alive"};
}

Value get_sent_keep_alive(Evaluation& in, const Variable&) {
  Request& r = request_of(in);
  uint64_t told = r.core().keepalive_header;
  if (told == 0 || r.response.status == 101 || r.exchange.closes_after()) { return {}; }
  return {in.arena().join("timeout=", decimal(in.arena(), told).text)};
}

const VariableRow rows[] = {
    {Realm::http, "status", get_status,
     "The answer's status; 499 when the client left before it, 444 when it was left without one."},
    {Realm::http, "bytes_sent", get_bytes_sent, "Bytes sent to the client."},
    {Realm::http, "body_bytes_sent", get_body_bytes_sent,
     "Bytes of the body sent to the client, without head and framing."},
    {Realm::http, "request_time", get_request_time,
     "Seconds, with milliseconds, since the first byte of the request was read."},
    {Realm::http, "request_completion", get_request_completion,
     "\"OK\" when the answer was sent to its end, else empty."},
    {Realm::http, "limit_rate", get_limit_rate,
     "Bytes per second that the answer may take. May be set; see limit_rate.", false, true, set_limit_rate},
    {Realm::http, "sent_http_", get_sent_field,
     "The response field of that name, in lower case with underscores for dashes; several lines are joined "
     "by commas.",
     true},
    {Realm::http, "sent_http_content_type", get_sent_content_type, "The response's Content-Type."},
    {Realm::http, "sent_http_content_length", get_sent_content_length, "The response's Content-Length."},
    {Realm::http, "sent_http_last_modified", get_sent_last_modified, "The response's Last-Modified."},
    {Realm::http, "sent_http_transfer_encoding", get_sent_transfer_encoding,
     "\"chunked\" when the response is sent so."},
    {Realm::http, "sent_http_connection", get_sent_connection,
     "The response's Connection: keep-alive, close or upgrade."},
    {Realm::http, "sent_http_keep_alive", get_sent_keep_alive,
     "The response's Keep-Alive; see keepalive_timeout."},
    {Realm::http, "sent_trailer_", get_sent_trailer, "The field of that name sent after the response's body.",
     true},
};
const conf::Variables registered(rows);

}  // namespace

}  // namespace sluice::http
