#include "base/base64.h"

#include <cstdint>

namespace sluice {

namespace {

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') { return c - 'A'; }
  if (c >= 'a' && c <= 'z') { return c - 'a' + 26; }
  if (c >= '0' && c <= '9') { return c - '0' + 52; }
  if (c == '+') { return 62; }
  return c == '/' ? 63 : -1;
}

}  // namespace

std::optional<size_t> decode_base64(std::string_view text, char* out) {
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) { text.remove_suffix(1); }
  if (text.size() % 4 == 1) { return std::nullopt; }
  char* to = out;
  uint32_t bits = 0;
  int held = 0;  // bits not written yet
  for (char c : text) {
    int value = value_of(c);
    if (value < 0) { return std::nullopt; }
    bits = bits << 6 | static_cast<uint32_t>(value);
    held += 6;
    if (held < 8) { continue; }
    held -= 8;
    *to++ = static_cast<char>(bits >> held);
  }
  return static_cast<size_t>(to - out);
}

}  // namespace sluice
