#include "http/vars/split_table.h"

#include <cstring>

namespace sluice::http {

uint32_t murmur_hash2(std::string_view text) {
  constexpr uint32_t kMultiplier = 0x5bd1e995;
  const char* at = text.data();
  size_t left = text.size();
  auto hash = static_cast<uint32_t>(left);
  for (; left >= 4; at += 4, left -= 4) {
    uint32_t word = 0;
    memcpy(&word, at, 4);
    word *= kMultiplier;
    word ^= word >> 24;
    word *= kMultiplier;
    hash = hash * kMultiplier ^ word;
  }
  if (left > 0) {
    uint32_t word = 0;
    memcpy(&word, at, left);
    hash = (hash ^ word) * kMultiplier;
  }
  hash ^= hash >> 13;
  hash *= kMultiplier;
  return hash ^ hash >> 15;
}

bool SplitTable::add(uint32_t hundredths, std::string_view value) {
  if (hundredths > kWhole - given_) { return false; }
  given_ += hundredths;
  // Each part is rounded down by itself: nginx's documentation shows the borders.
  end_ += uint64_t{UINT32_MAX} * hundredths / kWhole;
  parts_.push_back({end_, std::string(value)});
  return true;
}

void SplitTable::add_rest(std::string_view value) {
  given_ = kWhole;
  parts_.push_back({UINT64_MAX, std::string(value)});
}

std::string_view SplitTable::find(std::string_view source) const {
  uint32_t hash = murmur_hash2(source);
  for (const Part& part : parts_) {
    if (hash < part.end) { return part.value; }
  }
  return "";
}

}  // namespace sluice::http
