// One field line of a head: what requests, responses and trailers have in common (RFC 9112 5).
#pragma once

#include <array>

#include "base/text.h"
#include "http/field.h"
#include "http/scan.h"

namespace sluice::http::h1 {

// RFC 9110 5.6.2, in a table that the compiler can see here.
enum NameKind : uint8_t { kNotToken, kTokenChar, kUnderscore };
inline constexpr auto kNameKinds = [] {
  std::array<NameKind, 256> kinds{};
  for (size_t c = 0; c < kinds.size(); ++c) {
    kinds[c] = is_alpha(static_cast<char>(c)) || is_digit(static_cast<char>(c)) ? kTokenChar : kNotToken;
  }
  for (char c : std::string_view("!#$%&'*+-.^`|~")) { kinds[static_cast<unsigned char>(c)] = kTokenChar; }
  kinds['_'] = kUnderscore;
  return kinds;
}();
inline NameKind name_kind(char c) { return kNameKinds[static_cast<unsigned char>(c)]; }
inline bool is_name_char(char c) { return name_kind(c) != kNotToken; }

enum class LineFault : uint8_t {
  none,
  folded,  // begins with white space: obs-fold, or a header smuggled under another (RFC 9112 5.2, 2.2)
  no_colon,
  no_name,
  blank,       // white space between name and colon (RFC 9112 5.1)
  not_token,   // the name holds something else than token characters
  underscore,  // a token, but with an underscore: CGI-like readers take X_Y for X-Y
};
const char* describe(LineFault fault);

// The name of a line that has a colon is none we know: what is wrong with it, if anything.
LineFault check_name(Field& field);

// Cuts [begin, end), a line without its end and without controls, into name, value and id. On `blank`,
// `not_token` and `underscore` the field is filled all the same: the name without the white space.
// [begin, limit) is readable.
[[gnu::always_inline]] inline LineFault split_field_line(const char* begin, const char* end,
                                                         const char* limit, Field& field) {
  const char* colon = find_colon(begin, end, limit);
  if (colon == end) { return begin != end && is_blank(*begin) ? LineFault::folded : LineFault::no_colon; }
  // Of the controls only HTAB is left: what is greater than SP is no blank.
  auto visible = [](char c) { return static_cast<unsigned char>(c) > ' '; };
  const char* value = colon + 1;
  if (value != end && *value == ' ') { ++value; }
  while (value != end && !visible(*value)) { ++value; }
  if (value != end) {
    while (!visible(end[-1])) { --end; }
  }
  field.name = {begin, static_cast<size_t>(colon - begin)};
  field.value = {value, static_cast<size_t>(end - value)};
  field.id = field_id(field.name);
  // A known name needs no look at its characters.
  return field.id != FieldId::unknown ? LineFault::none : check_name(field);
}

// What a Transfer-Encoding value asks for. Only exactly "chunked" can be served (RFC 9112 6.1).
enum class Coding : uint8_t {
  chunked,
  unknown,    // well-formed, but we do not speak it
  malformed,  // empty members, no tokens, or chunked where it may not stand
};
Coding parse_transfer_encoding(std::string_view value);

// Connection options that matter to framing, out of one Connection line.
struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
};
void parse_connection(std::string_view value, ConnectionOptions& options);

}  // namespace sluice::http::h1
