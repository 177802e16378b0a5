// Cuts for a fuzzed message: the first bytes of the input say how it arrives, the rest is the message.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

// Aborts, with a line, unless `holds`.
inline void require(bool holds, const char* what) {
  if (!holds) {
    fprintf(stderr, "broken: %s\n", what);
    abort();
  }
}

struct Arrival {
  uint8_t option = 0;
  std::vector<size_t> cuts;
  std::string_view message;
};

inline Arrival arrival(const uint8_t* data, size_t size) {
  constexpr size_t kControl = 5;
  Arrival result;
  if (size < kControl) { return result; }
  result.option = data[0];
  result.message = {reinterpret_cast<const char*>(data) + kControl, size - kControl};
  size_t at = 0;
  for (size_t i = 1; i < 64; ++i) {
    at += 1 + data[1 + i % 4] % 61;
    if (at >= result.message.size()) { break; }
    result.cuts.push_back(at);
  }
  return result;
}
