#include "http/h1/field_line.h"

#include "base/text.h"
#include "http/fold.h"

namespace sluice::http::h1 {

const char* describe(LineFault fault) {
  switch (fault) {
    case LineFault::none:
      return "";
    case LineFault::folded:
      return "header line begins with white space";
    case LineFault::no_colon:
      return "header line without a colon";
    case LineFault::no_name:
      return "header line without a name";
    case LineFault::blank:
      return "white space before the colon of a header line";
    case LineFault::not_token:
      return "invalid character in a header name";
    case LineFault::underscore:
      return "underscore in a header name";
  }
  return "";
}

LineFault check_name(Field& field) {
  string_view& name = field.name;
  if (name.empty()) { return LineFault::no_name; }
  if (is_blank(name.front())) { return LineFault::folded; }
  bool blank = false;
  while (is_blank(name.back())) {
    name.remove_suffix(1);
    blank = true;
  }
  const char* at = name.data();
  const char* end = at + name.size();
  while (at != end && name_kind(*at) == kTokenChar) { ++at; }
  bool underscore = at != end && name_kind(*at) == kUnderscore;
  while (at != end && name_kind(*at) != kNotToken) { ++at; }
  if (at != end) { return LineFault::not_token; }
  if (blank) {
    field.id = field_id(name);
    return LineFault::blank;
  }
  return underscore ? LineFault::underscore : LineFault::none;
}

Coding parse_transfer_encoding(string_view value) {
  if (is_word(value, "chunked")) { return Coding::chunked; }
  for (Split part{{}, value, true}; part.found;) {
    part = split(part.tail, ',');
    string_view member = trim(part.head);
    // chunked below another coding, or twice: no two readers agree on where the body ends then.
    if (!is_token(member) || (part.found && is_word(member, "chunked"))) { return Coding::malformed; }
  }
  return Coding::unknown;
}

void parse_connection(string_view value, ConnectionOptions& options) {
  if (is_word(value, "keep-alive")) {
    options.keep_alive = true;
    return;
  }
  for (Split part{{}, value, true}; part.found;) {
    part = split(part.tail, ',');
    string_view option = trim(part.head);
    options.close |= is_word(option, "close");
    options.keep_alive |= is_word(option, "keep-alive");
  }
}

}  // namespace sluice::http::h1
