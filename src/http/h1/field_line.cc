#include "http/h1/field_line.h"

#include "base/text.h"
#include "http/h1/scan.h"

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

namespace {

// The line has a colon and its name is none we know: a known one needs no look at its characters.
LineFault check_name(Field& field) {
  string_view& name = field.name;
  if (name.empty()) { return LineFault::no_name; }
  if (is_blank(name.front())) { return LineFault::folded; }
  bool blank = false;
  while (is_blank(name.back())) {
    name.remove_suffix(1);
    blank = true;
  }
  bool underscore = false;
  for (char c : name) {
    if (!is_token_char(c)) { return LineFault::not_token; }
    underscore |= c == '_';
  }
  if (blank) {
    field.id = field_id(name);
    return LineFault::blank;
  }
  return underscore ? LineFault::underscore : LineFault::none;
}

}  // namespace

LineFault split_field_line(const char* begin, const char* end, Field& field) {
  const char* colon = find_colon(begin, end);
  if (colon == end) { return begin != end && is_blank(*begin) ? LineFault::folded : LineFault::no_colon; }
  const char* value = colon + 1;
  while (value != end && is_blank(*value)) { ++value; }
  while (end != value && is_blank(end[-1])) { --end; }
  field.name = {begin, static_cast<size_t>(colon - begin)};
  field.value = {value, static_cast<size_t>(end - value)};
  field.id = field_id(field.name);
  return field.id != FieldId::unknown ? LineFault::none : check_name(field);
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
  for (Split part{{}, value, true}; part.found;) {
    part = split(part.tail, ',');
    string_view option = trim(part.head);
    options.close |= is_word(option, "close");
    options.keep_alive |= is_word(option, "keep-alive");
  }
}

}  // namespace sluice::http::h1
