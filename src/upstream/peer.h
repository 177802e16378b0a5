// One server of a group, as a worker sees it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/list.h"
#include "net/address.h"

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

  // State of this worker.
  uint32_t active = 0;        // connections in use
  uint32_t fails = 0;         // failures within the current fail_timeout
  uint64_t failed_at = 0;     // clock::now() of the last failure
  uint64_t checked_at = 0;    // when the window of failures began, or an unavailable peer was last tried
  List<IdleConnection> idle;  // most recently used first

  bool full() const { return max_conns != 0 && active >= max_conns; }
  // False while it is taken for dead.
  bool usable(uint64_t now) const;
  void succeeded(uint64_t started_at);
  // True when this failure made it unavailable.
  bool failed(uint64_t now);
};

}  // namespace sluice::upstream
