#include "base/hash.h"

#include <sys/random.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <bit>
#include <cstring>

namespace sluice {

uint64_t hash(std::string_view text, uint64_t seed) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

namespace {

struct SipState {
  uint64_t v0, v1, v2, v3;
  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void word(uint64_t m) {
    v3 ^= m;
    round();
    round();
    v0 ^= m;
  }
};

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i;
    for (int k = 0; k < 8; ++k) { c = (c & 1) != 0 ? 0xedb88320u ^ (c >> 1) : c >> 1; }
    table[i] = c;
  }
  return table;
}
constexpr auto kCrc = make_crc_table();

}  // namespace

HashKey random_hash_key() {
  HashKey key{{0x736c75696365, 0x6b6579}};
  if (getrandom(key.halves, sizeof key.halves, GRND_NONBLOCK) < 0) {
    key.halves[0] ^= reinterpret_cast<uintptr_t>(&key);
  }
  return key;
}

uint64_t keyed_hash(std::string_view text) {
  static const HashKey key = random_hash_key();
  return keyed_hash(text, key);
}

uint64_t keyed_hash(std::string_view text, const HashKey& key) {
  const auto [k0, k1] = key.halves;
  SipState s{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
             k1 ^ 0x7465646279746573};
  size_t whole = text.size() / 8 * 8;
  for (size_t i = 0; i < whole; i += 8) {
    uint64_t m;
    memcpy(&m, text.data() + i, 8);
    s.word(m);
  }
  uint64_t last = static_cast<uint64_t>(text.size()) << 56;
  for (size_t i = whole; i < text.size(); ++i) {
    last |= static_cast<uint64_t>(static_cast<unsigned char>(text[i])) << (8 * (i - whole));
  }
  s.word(last);
  s.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) { s.round(); }
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint32_t crc32(std::string_view text) {
  uint32_t c = 0xffffffffu;
  for (char byte : text) { c = kCrc[(c ^ static_cast<unsigned char>(byte)) & 0xff] ^ (c >> 8); }
  return c ^ 0xffffffffu;
}

}  // namespace sluice
