// What `allow` and `deny` say of an address: the first rule that covers it counts. The rules are cut into
// pieces that do not overlap, so that a lookup is one binary search however many there are.
#pragma once

#include <cstdint>
#include <vector>

#include "net/network.h"

namespace sluice::http {

class AccessTable {
 public:
  enum class Says : uint8_t { nothing, allow, deny };

  void add(const net::Network& network, Says says);
  void add_unix(Says says);  // all clients of unix sockets
  void add_all(Says says);
  // After the last rule; before it, nothing is found but unix clients.
  void finish();

  Says find(const net::IpNumber& address) const;
  Says find_unix() const { return unix_; }
  bool empty() const { return rules_.empty() && unix_ == Says::nothing; }

 private:
  struct Rule {
    net::Network network;
    Says says;
  };
  class Sweep;
  std::vector<Rule> rules_;
  Says unix_ = Says::nothing;
  // Piece i is from starts_[i] to starts_[i + 1].
  std::vector<net::IpNumber> starts_;
  std::vector<Says> says_;
};

}  // namespace sluice::http
