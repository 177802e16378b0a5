// Variables that the attempts at upstream servers tell. Several attempts are separated by commas; a colon
// stands where the next one belongs to another group.
#include <algorithm>
#include <cstring>

#include "http/vars/text_of.h"

namespace sluice::http {

namespace {

using conf::Evaluation;
using conf::Realm;
using conf::Value;
using conf::Variable;
using conf::VariableRow;

char* write_text(char* out, string_view text) { return std::copy(text.begin(), text.end(), out); }

// One piece per attempt, each at most `longest` bytes.
template <class Write>
Value list(Request& r, size_t longest, Write write) {
  constexpr string_view kNext = ", ";
  constexpr string_view kNextGroup = " : ";
  if (r.attempts.empty()) { return {}; }
  char* start = r.arena().characters(r.attempts.size() * (longest + kNextGroup.size()));
  char* to = start;
  for (const Attempt& attempt : r.attempts) {
    if (&attempt != r.attempts.begin()) { to = write_text(to, attempt.new_group ? kNextGroup : kNext); }
    to = write(to, attempt);
  }
  return {{start, static_cast<size_t>(to - start)}};
}

Value get_addr(Evaluation& in, const Variable&) {
  Request& r = request_of(in);
  if (r.attempts.size() == 1) { return {r.attempts[0].address}; }
  size_t longest = 0;
  for (const Attempt& attempt : r.attempts) { longest = std::max(longest, attempt.address.size()); }
  return list(r, longest, [](char* out, const Attempt& attempt) { return write_text(out, attempt.address); });
}

Value get_status(Evaluation& in, const Variable&) {
  return list(request_of(in), kLongestNumber, [](char* out, const Attempt& attempt) {
    return attempt.status == 0 ? write_text(out, "-") : write_decimal(out, attempt.status);
  });
}

template <int64_t Attempt::*member>
Value get_time(Evaluation& in, const Variable&) {
  return list(request_of(in), kLongestSeconds, [](char* out, const Attempt& attempt) {
    int64_t time = attempt.*member;
    return time < 0 ? write_text(out, "-") : write_seconds(out, static_cast<uint64_t>(time));
  });
}

template <auto member>
Value get_size(Evaluation& in, const Variable&) {
  return list(request_of(in), kLongestNumber, [](char* out, const Attempt& attempt) {
    return write_decimal(out, static_cast<uint64_t>(attempt.*member));
  });
}

Value get_field(Evaluation& in, const Variable& variable) {
  const Fields* fields = request_of(in).upstream_fields;
  return fields == nullptr ? Value() : value_of(find_field(*fields, variable.suffix, ", "));
}

Value get_trailer(Evaluation& in, const Variable& variable) {
  const Fields* fields = request_of(in).upstream_trailers;
  return fields == nullptr ? Value() : value_of(find_field(*fields, variable.suffix, ", "));
}

Value get_cookie(Evaluation& in, const Variable& variable) {
  const Fields* fields = request_of(in).upstream_fields;
  if (fields == nullptr || !fields->has(FieldId::set_cookie)) { return {}; }
  for (const Field& field : *fields) {
    if (field.id != FieldId::set_cookie) { continue; }
    if (Found value = find_set_cookie(field.value, variable.suffix)) { return {*value}; }
  }
  return {};
}

const VariableRow rows[] = {
    {Realm::http, "upstream_addr", get_addr,
     "Addresses of the servers asked, in their order, as \"10.0.0.1:80, 10.0.0.2:80 : 10.0.1.1:80\": commas "
     "between tries, a colon before those at another group. The group's name when none could be chosen."},
    {Realm::http, "upstream_status", get_status,
     "Status of each server's answer, separated as in $upstream_addr; 502 when none could be chosen."},
    {Realm::http, "upstream_connect_time", get_time<&Attempt::connect_time>,
     "Seconds, with milliseconds, each connection took, TLS included; separated as in $upstream_addr."},
    {Realm::http, "upstream_header_time", get_time<&Attempt::header_time>,
     "Seconds, with milliseconds, until each answer's head was there; separated as in $upstream_addr."},
    {Realm::http, "upstream_response_time", get_time<&Attempt::response_time>,
     "Seconds, with milliseconds, until each answer was there; separated as in $upstream_addr."},
    {Realm::http, "upstream_response_length", get_size<&Attempt::response_length>,
     "Bytes of each answer's body; separated as in $upstream_addr."},
    {Realm::http, "upstream_bytes_received", get_size<&Attempt::bytes_received>,
     "Bytes received from each server; separated as in $upstream_addr."},
    {Realm::http, "upstream_bytes_sent", get_size<&Attempt::bytes_sent>,
     "Bytes sent to each server; separated as in $upstream_addr."},
    {Realm::http, "upstream_http_", get_field,
     "The field of that name in the last server's answer, as received; several lines are joined by commas.",
     true},
    {Realm::http, "upstream_trailer_", get_trailer,
     "The field of that name after the body of the last server's answer.", true},
    {Realm::http, "upstream_cookie_", get_cookie,
     "The value of that cookie in the Set-Cookie fields of the last server's answer.", true},
};
const conf::Variables registered(rows);

}  // namespace

}  // namespace sluice::http
