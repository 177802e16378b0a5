#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdarg>
#include <cstdio>
#include <vector>

namespace sluice {

namespace {
constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (int c = 0; c < 256; ++c) {
    table[c] = is_alpha(static_cast<char>(c)) || is_digit(static_cast<char>(c));
  }
  for (char c : string_view("!#$%&'*+-.^_`|~")) { table[static_cast<unsigned char>(c)] = true; }
  return table;
}
constexpr auto kToken = make_token_table();
}  // namespace

bool is_token_char(char c) { return kToken[static_cast<unsigned char>(c)]; }

bool is_token(string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is_token_char(c); });
}

bool iequals(string_view a, string_view b) {
  if (a.size() != b.size()) { return false; }
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) { return false; }
  }
  return true;
}

bool equals_lowered(string_view text, string_view lowered) {
  if (text.size() != lowered.size()) { return false; }
  for (size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lowered[i]) { return false; }
  }
  return true;
}

bool istarts_with(string_view text, string_view prefix) {
  return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

std::string to_lower(string_view text) {
  std::string out(text);
  for (char& c : out) { c = lower(c); }
  return out;
}

string_view trim(string_view text) {
  while (!text.empty() && is_blank(text.front())) { text.remove_prefix(1); }
  while (!text.empty() && is_blank(text.back())) { text.remove_suffix(1); }
  return text;
}

namespace {
std::optional<uint64_t> parse_digits(string_view text, int base) {
  uint64_t value = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (failure != std::errc() || end != text.data() + text.size()) { return std::nullopt; }
  return value;
}
}  // namespace

std::optional<uint64_t> parse_decimal(string_view text) {
  constexpr size_t kNeverOverflows = 19;
  if (text.empty() || text.size() > kNeverOverflows) { return parse_digits(text, 10); }
  uint64_t number = 0;
  for (char c : text) {
    if (!is_digit(c)) { return std::nullopt; }
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  return number;
}
std::optional<uint64_t> parse_hex(string_view text) { return parse_digits(text, 16); }

Split split(string_view text, char separator) {
  size_t at = text.find(separator);
  if (at == string_view::npos) { return {text, {}, false}; }
  return {text.substr(0, at), text.substr(at + 1), true};
}

static void append_formatted(std::string& out, const char* format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  char small[512];
  int size = vsnprintf(small, sizeof small, format, arguments);
  if (size < static_cast<int>(sizeof small)) {
    out.append(small, static_cast<size_t>(std::max(size, 0)));
  } else {
    size_t before = out.size();
    out.resize(before + static_cast<size_t>(size) + 1);
    vsnprintf(out.data() + before, static_cast<size_t>(size) + 1, format, again);
    out.resize(before + static_cast<size_t>(size));
  }
  va_end(again);
}

void append_format(std::string& out, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  append_formatted(out, format, arguments);
  va_end(arguments);
}

std::string format(const char* format, ...) {
  std::string out;
  va_list arguments;
  va_start(arguments, format);
  append_formatted(out, format, arguments);
  va_end(arguments);
  return out;
}

char* write_decimal(char* out, uint64_t value) { return std::to_chars(out, out + 20, value).ptr; }

size_t edit_distance(string_view a, string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) { d[i][0] = i; }
  for (size_t j = 0; j <= b.size(); ++j) { d[0][j] = j; }
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace sluice
