// What a `geo` block becomes: from an address to a text. Networks and ranges are cut into pieces that do not
// overlap, sorted, so that a lookup is one binary search whatever they are.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/network.h"

namespace sluice::http {

using net::IpNumber;
using std::string_view;

class GeoTable {
 public:
  enum class Added : uint8_t { yes, replaced, overlaps };
  struct Outcome {
    Added added;
    string_view old = {};            // replaced: the value before
    IpNumber first = {}, last = {};  // overlaps: with this one
  };

  // A network: the narrowest that covers an address counts. False: it is not there.
  Outcome add(const net::Network& network, string_view value);
  bool remove(const net::Network& network);
  // A range inside another is cut out of it.
  Outcome add_range(IpNumber first, IpNumber last, string_view value);
  bool remove_range(IpNumber first, IpNumber last);
  // For addresses that nothing covers.
  void set_default(string_view value) { default_ = value; }
  // After the last change; before it, find() finds nothing.
  void finish();

  string_view find(const IpNumber& address) const;
  size_t footprint() const;

 private:
  static constexpr uint32_t kNothing = UINT32_MAX;
  struct Span {
    IpNumber last;
    uint32_t value;
  };
  // The pieces of one family: piece i is from starts[i] to starts[i + 1], and the first starts at zero.
  template <class Start>
  struct Pieces {
    std::vector<Start> starts;
    std::vector<uint32_t> values;
  };
  // An order in which networks come after those that contain them.
  struct Wider {
    bool operator()(const net::Network& a, const net::Network& b) const {
      return a.first != b.first ? a.first < b.first : b.last < a.last;
    }
  };
  class Sweep;
  uint32_t keep(string_view value);

  std::map<net::Network, uint32_t, Wider> networks_;  // while adding
  std::map<IpNumber, Span> ranges_;                   // while adding; by their first address
  std::unordered_map<std::string, uint32_t> known_;   // while adding
  std::vector<std::string> values_;
  std::string default_;
  Pieces<uint32_t> v4_;
  Pieces<std::pair<uint64_t, uint64_t>> v6_;
};

}  // namespace sluice::http
