// What a `split_clients` block becomes: parts of the range of a 32-bit hash, each with a text. The hash is
// MurmurHash2 and the parts are cut as nginx cuts them, so that a client gets from either the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

// Austin Appleby's MurmurHash2 with a seed of zero.
uint32_t murmur_hash2(std::string_view text);

class SplitTable {
 public:
  static constexpr uint32_t kWhole = 10000;  // in hundredths of a per cent

  // The next part of the range; false: there is not so much left.
  bool add(uint32_t hundredths, std::string_view value);
  // Whatever is left.
  void add_rest(std::string_view value);
  // Empty where no part is.
  std::string_view find(std::string_view source) const;

 private:
  struct Part {
    uint64_t end;  // hashes below it
    std::string value;
  };
  std::vector<Part> parts_;
  uint64_t end_ = 0;
  uint32_t given_ = 0;
};

}  // namespace sluice::http
