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

// False: there is no capital letter in `text`. Eight bytes at a time; a few signs are taken for capitals.
inline bool may_have_capitals(string_view text) {
  auto suspicious = [](uint64_t word) { return (((~word) << 1) & word & 0x4040404040404040) != 0; };
  const char* at = text.data();
  size_t left = text.size();
  uint64_t word = 0;
  for (; left >= 8; left -= 8, at += 8) {
    memcpy(&word, at, 8);
    if (suspicious(word)) { return true; }
  }
  if (left == 0) { return false; }
  if (text.size() >= 8) {
    memcpy(&word, at + left - 8, 8);
    return suspicious(word);
  }
  word = 0;
  memcpy(&word, at, left);
  return suspicious(word);
}

// Copies `text` and returns the end of the copy. Heads are made of short pieces, which need no call.
inline char* put(char* to, string_view text) {
  const char* from = text.data();
  size_t size = text.size();
  if (size > 32 || size < 4) {
    if (size > 0) { memcpy(to, from, size); }
  } else if (size >= 16) {
    memcpy(to, from, 16);
    memcpy(to + size - 16, from + size - 16, 16);
  } else if (size >= 8) {
    memcpy(to, from, 8);
    memcpy(to + size - 8, from + size - 8, 8);
  } else {
    memcpy(to, from, 4);
    memcpy(to + size - 4, from + size - 4, 4);
  }
  return to + size;
}

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
