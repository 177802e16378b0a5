// Hash functions. hash() is for keys we choose (config, table rows); keyed_hash() for keys a client chooses,
// so that nobody outside can make them collide.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

uint64_t hash(std::string_view text, uint64_t seed = 0);
// FNV-1a over lower-cased ASCII; constexpr, so that tables of known names can be built by the compiler.
constexpr uint32_t hash_lowered(std::string_view text) {
  uint32_t value = 2166136261u;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') { c = static_cast<char>(c | 0x20); }
    value = (value ^ static_cast<unsigned char>(c)) * 16777619u;
  }
  return value;
}
// SipHash-2-4 with a key drawn at start, the same in all processes of one master.
uint64_t keyed_hash(std::string_view text);
// The same with a key of one's own: for what outlives a master.
struct HashKey {
  uint64_t halves[2];
};
HashKey random_hash_key();
uint64_t keyed_hash(std::string_view text, const HashKey& key);
// CRC-32 (IEEE), as nginx uses for consistent hashing and split decisions.
uint32_t crc32(std::string_view text);

}  // namespace sluice
