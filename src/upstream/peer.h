// One server of a group, as a worker sees it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/list.h"
#include "net/address.h"
#include "upstream/shared.h"

namespace sluice::upstream {

class IdleConnection;

struct Peer {
  std::string name;  // as $upstream_addr prints it: "127.0.0.1:8080", "unix:/path"
  std::string host;  // as written in the configuration, for logs
  net::Address address;
  uint32_t weight = 1;
  uint32_t max_fails = 1;          // 0: failures are not counted
  uint64_t fail_timeout = 10'000;  // ms
  uint32_t max_conns = 0;          // 0: unlimited
  bool backup = false;
  bool down = false;

  // State of this worker, or of all of them when the group has a zone.
  PeerHealth own_health;
  PeerHealth* health = &own_health;
  SharedCount shared;
  uint32_t active = 0;        // connections in use by this worker
  List<IdleConnection> idle;  // most recently used first

  bool full() const { return max_conns != 0 && (shared.used() ? shared.total() : active) >= max_conns; }
  // Counts one more connection. False: another worker took the last one that max_conns allows.
  bool take() {
    if (max_conns != 0 && shared.used() && !shared.take(max_conns)) { return false; }
    ++active;
    return true;
  }
  void give_back() {
    --active;
    if (max_conns != 0 && shared.used()) { shared.give_back(); }
  }
  // False while it is taken for dead.
  bool usable(uint64_t now) const;
  void succeeded(uint64_t started_at);
  // True when this failure made it unavailable.
  bool failed(uint64_t now);
  // Failed as often as it may; to be tried again when its fail_timeout is over.
  bool suspected() const;
  // This request tries a suspected one; others wait for its outcome.
  void probe(uint64_t now);
  void forget_failures();
};

}  // namespace sluice::upstream
