// ASCII text helpers. Locale-free; all views, no allocation unless the name says so.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

using std::string_view;

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
// Value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') { return c - '0'; }
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
// RFC 9110 5.6.2: tchar.
bool is_token_char(char c);
bool is_token(string_view text);

bool iequals(string_view a, string_view b);
// `lowered` is already lower case: only `text` is folded.
bool equals_lowered(string_view text, string_view lowered);
bool istarts_with(string_view text, string_view prefix);
std::string to_lower(string_view text);

// RFC 9110 5.6.3 OWS: SP and HTAB at both ends.
string_view trim(string_view text);

// 1*DIGIT without sign, blank or overflow; nothing else is a number.
std::optional<uint64_t> parse_decimal(string_view text);
std::optional<uint64_t> parse_hex(string_view text);

// Splits at the first `separator`; the second part is empty (and found false) when there is none.
struct Split {
  string_view head, tail;
  bool found;
};
Split split(string_view text, char separator);

// Calls visit(member) for each member of a comma-separated list (RFC 9110 5.6.1), trimmed, empty ones
// skipped. Commas inside quoted strings do not separate.
template <class Visit>
void each_member(string_view list, Visit visit) {
  size_t start = 0;
  bool quoted = false;
  for (size_t i = 0; i <= list.size(); ++i) {
    if (i < list.size()) {
      char c = list[i];
      if (quoted) {
        if (c == '\\') { ++i; }
        if (c == '"') { quoted = false; }
        continue;
      }
      if (c == '"') { quoted = true; }
      if (c != ',') { continue; }
    }
    string_view member = start < list.size() ? trim(list.substr(start, i - start)) : string_view();
    if (!member.empty()) { visit(member); }
    start = i + 1;
  }
}

// Appends printf-formatted text.
void append_format(std::string& out, const char* format, ...) __attribute__((format(printf, 2, 3)));
std::string format(const char* format, ...) __attribute__((format(printf, 1, 2)));

// Writes `value` in decimal to `out` (room for 20 characters) and returns the end.
char* write_decimal(char* out, uint64_t value);

// Edit distance with adjacent transpositions, for "did you mean".
size_t edit_distance(string_view a, string_view b);

}  // namespace sluice
