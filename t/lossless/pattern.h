// Bodies that prove themselves: each number has bytes of its own, and nobody needs to keep them to check
// them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace lossless {

// The bytes of one number, taken or compared from the first to the last.
class Pattern {
 public:
  explicit Pattern(uint64_t number) : number_(number) {}

  void fill(char* to, size_t size) {
    for (size_t i = 0; i < size; ++i) { to[i] = next(); }
  }

  // Whether these are the next bytes.
  bool matches(std::string_view bytes) {
    bool same = true;
    for (char byte : bytes) { same = next() == byte && same; }
    return same;
  }

 private:
  char next() {
    if (position_ % 8 == 0) { word_ = mix(number_ * 0x9e3779b97f4a7c15 + position_); }
    return static_cast<char>(word_ >> (8 * (position_++ % 8)));
  }

  // The last steps of splitmix64.
  static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

  uint64_t number_;
  uint64_t position_ = 0;
  uint64_t word_ = 0;
};

// FNV-1a, of what an upload brought.
class Hash {
 public:
  void add(std::string_view bytes) {
    for (char byte : bytes) { value_ = (value_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3; }
  }
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0xcbf29ce484222325;
};

}  // namespace lossless
