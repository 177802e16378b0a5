// Numbers and durations as the text of variables, in the request's arena.
#pragma once

#include <cstdint>

#include "base/text.h"
#include "conf/variable.h"
#include "http/request.h"
#include "http/vars/lookup.h"

namespace sluice::http {

inline constexpr size_t kLongestNumber = 20;
inline constexpr size_t kLongestSeconds = 24;

// Milliseconds as seconds: 1500 is "1.500". Room for kLongestSeconds.
inline char* write_seconds(char* out, uint64_t milliseconds) {
  out = write_decimal(out, milliseconds / 1000);
  auto rest = static_cast<unsigned>(milliseconds % 1000);
  *out++ = '.';
  *out++ = static_cast<char>('0' + rest / 100);
  *out++ = static_cast<char>('0' + rest / 10 % 10);
  *out++ = static_cast<char>('0' + rest % 10);
  return out;
}

inline conf::Value decimal(Arena& arena, uint64_t value) {
  char* out = arena.characters(kLongestNumber);
  return string_view(out, static_cast<size_t>(write_decimal(out, value) - out));
}

inline conf::Value seconds(Arena& arena, uint64_t milliseconds) {
  char* out = arena.characters(kLongestSeconds);
  return string_view(out, static_cast<size_t>(write_seconds(out, milliseconds) - out));
}

inline conf::Value value_of(Found found) { return found ? conf::Value(*found) : conf::Value(); }

// A value where an empty one means that there is none.
inline conf::Value unless_empty(string_view text) { return text.empty() ? conf::Value() : conf::Value(text); }

}  // namespace sluice::http
