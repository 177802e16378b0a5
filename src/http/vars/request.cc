// Variables that the request itself answers: its line, its fields, its body.
#include <cstring>

#include "http/host.h"
#include "http/vars/text_of.h"

namespace sluice::http {

namespace {

using conf::Evaluation;
using conf::Realm;
using conf::Value;
using conf::Variable;
using conf::VariableRow;

// --- the request line ---

Value get_request(Evaluation& in, const Variable&) { return {request_of(in).head.line}; }

Value get_request_method(Evaluation& in, const Variable&) {
  const Request& r = request_of(in);
  if (r.subrequest) { return {r.head.method_text}; }
  return unless_empty(r.method_override.empty() ? r.head.method_text : r.method_override);
}

Value get_request_uri(Evaluation& in, const Variable&) { return unless_empty(request_of(in).head.path); }

Value get_uri(Evaluation& in, const Variable&) { return unless_empty(request_of(in).path); }

Value get_args(Evaluation& in, const Variable&) {
  const Request& r = request_of(in);
  return r.has_query ? Value(r.query) : Value();
}

void set_args(Evaluation& in, const Variable&, string_view value) {
  Request& r = request_of(in);
  r.query = value;
  r.has_query = !value.empty();
  r.unchanged_target = {};
}

Value get_is_args(Evaluation& in, const Variable&) { return {request_of(in).query.empty() ? "" : "?"}; }

Value get_argument(Evaluation& in, const Variable& variable) {
  return value_of(find_argument(request_of(in).query, variable.suffix));
}

Value get_server_protocol(Evaluation& in, const Variable&) {
  const RequestHead& head = request_of(in).head;
  if (head.method_text.empty()) { return {}; }
  if (head.major == 1) { return {head.minor == 0 ? "HTTP/1.0" : "HTTP/1.1"}; }
  return {"HTTP/2.0"};
}

Value get_http2(Evaluation& in, const Variable&) {
  const Request& r = request_of(in);
  if (r.head.major != 2) { return {""}; }
  return {r.exchange.client().port->ssl ? "h2" : "h2c"};
}

// --- whom it is for ---

string_view authority_of(const Request& r) {
  return r.head.authority.empty() ? r.head.fields.value(FieldId::host) : r.head.authority;
}

Value get_host(Evaluation& in, const Variable&) {
  const Request& r = request_of(in);
  return {r.host.empty() ? string_view(r.server->name) : r.host};
}

Value get_request_port(Evaluation& in, const Variable&) {
  return {split_host_port(authority_of(request_of(in))).port};
}

Value get_is_request_port(Evaluation& in, const Variable&) {
  return {split_host_port(authority_of(request_of(in))).port.empty() ? "" : ":"};
}

Value get_server_name(Evaluation& in, const Variable&) { return {request_of(in).server->name}; }

bool encrypted(Request& r) { return r.client().port->ssl; }

Value get_scheme(Evaluation& in, const Variable&) { return {encrypted(request_of(in)) ? "https" : "http"}; }

Value get_https(Evaluation& in, const Variable&) { return {encrypted(request_of(in)) ? "on" : ""}; }

// --- fields ---

Value get_field(Evaluation& in, const Variable& variable) {
  return value_of(find_field(request_of(in).head.fields, variable.suffix, ", "));
}

template <FieldId id>
Value get_known_field(Evaluation& in, const Variable&) {
  return value_of(find_field(request_of(in).head.fields, id, id == FieldId::cookie ? "; " : ", "));
}

Value get_cookie(Evaluation& in, const Variable& variable) {
  for (const Field& field : request_of(in).head.fields) {
    if (field.id != FieldId::cookie) { continue; }
    if (Found value = find_cookie(field.value, variable.suffix)) { return {*value}; }
  }
  return {};
}

Value get_remote_user(Evaluation& in, const Variable&) {
  const Field* field = request_of(in).head.fields.find(FieldId::authorization);
  return field == nullptr ? Value() : value_of(basic_user(in.arena(), field->value));
}

Value get_forwarded_for(Evaluation& in, const Variable&) {
  Request& r = request_of(in);
  Found before = find_field(r.head.fields, FieldId::x_forwarded_for, ", ");
  return {before ? in.arena().join(*before, ", ", r.client_address()) : r.client_address()};
}

// --- the body ---

// As announced, or as counted once all of a chunked body was read.
Value get_content_length(Evaluation& in, const Variable&) {
  const Request& r = request_of(in);
  if (const Field* field = r.head.fields.find(FieldId::content_length)) { return {field->value}; }
  if (r.head.framing == Framing::none || !r.body.complete) { return {}; }
  return decimal(in.arena(), r.body.size);
}

Value get_request_length(Evaluation& in, const Variable&) {
  const Request& r = request_of(in);
  return decimal(in.arena(), r.head.size + r.exchange.body_received());
}

Value get_request_body(Evaluation& in, const Variable&) {
  const Request& r = request_of(in);
  const Chain& chain = r.body.chain;
  if (!r.body.complete || chain.empty() || chain.size() != r.body.size) { return {}; }
  for (size_t i = 0; i < chain.slices(); ++i) {
    if (chain.at(i).in_file()) { return {}; }
  }
  if (chain.slices() == 1) { return {{chain.front().data, chain.size()}}; }
  char* start = in.arena().characters(chain.size());
  char* to = start;
  for (size_t i = 0; i < chain.slices(); ++i) {
    memcpy(to, chain.at(i).data, chain.at(i).size);
    to += chain.at(i).size;
  }
  return {{start, chain.size()}};
}

Value get_request_body_file(Evaluation& in, const Variable&) {
  return unless_empty(request_of(in).body.path);
}

constexpr VariableRow prefix(const char* name, conf::Getter get, const char* manual) {
  return {Realm::http, name, get, manual, true};
}

const VariableRow rows[] = {
    {Realm::http, "request", get_request, "The request line as received."},
    {Realm::http, "request_method", get_request_method,
     "The client's method, in subrequests as well; GET once an error page is made."},
    {Realm::http, "request_uri", get_request_uri, "Path and arguments as received, escapes and all."},
    {Realm::http, "uri", get_uri,
     "The path, decoded and without dot segments; it follows rewrites and internal redirects."},
    {Realm::http, "document_uri", get_uri, "The same as $uri."},
    {Realm::http, "args", get_args, "The arguments: what follows the question mark. May be set.", false, true,
     set_args},
    {Realm::http, "query_string", get_args, "The same as $args, but it cannot be set."},
    {Realm::http, "is_args", get_is_args, "\"?\" when the request has arguments, else empty."},
    prefix("arg_", get_argument, "The argument of that name; letters count alike in either case."),
    {Realm::http, "server_protocol", get_server_protocol, "HTTP/1.0, HTTP/1.1 or HTTP/2.0."},
    {Realm::http, "http2", get_http2,
     "\"h2\" for HTTP/2 over TLS, \"h2c\" for HTTP/2 without it, else empty."},
    {Realm::http, "host", get_host,
     "In this order: the host of the request line, that of the Host field, the name of the server. In lower "
     "case, without port."},
    {Realm::http, "request_port", get_request_port,
     "The port in the request line or else in the Host field; empty when neither names one."},
    {Realm::http, "is_request_port", get_is_request_port,
     "\":\" when $request_port is not empty, else empty."},
    {Realm::http, "server_name", get_server_name, "The first name of the server that the request reached."},
    {Realm::http, "scheme", get_scheme, "http or https."},
    {Realm::http, "https", get_https, "\"on\" when the connection is encrypted, else empty."},
    prefix("http_", get_field,
           "The request field of that name, in lower case with underscores for dashes; several lines are "
           "joined by commas."),
    {Realm::http, "http_host", get_known_field<FieldId::host>, "The Host field as received."},
    {Realm::http, "http_user_agent", get_known_field<FieldId::user_agent>, "The User-Agent field."},
    {Realm::http, "http_referer", get_known_field<FieldId::referer>, "The Referer field."},
    {Realm::http, "http_via", get_known_field<FieldId::via>, "The Via fields, joined by commas."},
    {Realm::http, "http_x_forwarded_for", get_known_field<FieldId::x_forwarded_for>,
     "The X-Forwarded-For fields, joined by commas."},
    {Realm::http, "http_cookie", get_known_field<FieldId::cookie>,
     "The Cookie fields, joined by semicolons."},
    prefix("cookie_", get_cookie, "The cookie of that name."),
    {Realm::http, "content_type", get_known_field<FieldId::content_type>,
     "The request's Content-Type field."},
    {Realm::http, "content_length", get_content_length,
     "The request's Content-Length field, or the length of a chunked body once it was read."},
    {Realm::http, "remote_user", get_remote_user, "The user name of Basic authentication."},
    {Realm::http, "proxy_add_x_forwarded_for", get_forwarded_for,
     "The X-Forwarded-For fields with the client's address appended after a comma, or the address alone."},
    {Realm::http, "request_length", get_request_length,
     "Bytes of the request: its line, its fields and its body."},
    {Realm::http, "request_body", get_request_body,
     "The body, when it was read into memory to be sent on; see client_body_buffer_size."},
    {Realm::http, "request_body_file", get_request_body_file,
     "The name of the temporary file that holds the body; see client_body_in_file_only."},
};
const conf::Variables registered(rows);

}  // namespace

}  // namespace sluice::http
