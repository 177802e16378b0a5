// What the workers know together about the servers of a group that has a `zone`: failures, and how many
// connections each has. It survives a reload and a change of the binary; without a zone each worker keeps its
// own.
#pragma once

#include <string_view>

#include "shm/ledger.h"
#include "shm/table.h"

namespace sluice::upstream {

// Failures of one server. Times are clock::now(), which all processes of a machine share.
struct PeerHealth {
  uint32_t fails = 0;       // within the current fail_timeout
  uint64_t failed_at = 0;   // of the last failure
  uint64_t checked_at = 0;  // when the window of failures began, or an unavailable peer was last tried
};

// In the zone, one for each group and address. Never removed: a server that comes back finds what is known
// of it. The health is stored to without the lock, field by field and atomically: what two workers do at once
// may lose one of two failures, and nothing else.
struct SharedPeer : shm::Held, shm::TableNode {
  PeerHealth health;
  uint32_t size;  // of the key behind it
  std::string_view key() const { return {reinterpret_cast<const char*>(this + 1), size}; }
};

extern const shm::Kind kUpstreamKind;

// The server's place in the zone, made when there is none; null when the zone is full or busy.
SharedPeer* find_shared(shm::Zone& zone, std::string_view group, std::string_view server);

// This process's connections to one server, counted in the zone as long as the process lives.
class SharedCount {
 public:
  void use(shm::Zone& zone, SharedPeer& peer);
  bool used() const { return peer_ != nullptr; }
  // Connections of all processes.
  uint32_t total() const;
  // One more, unless there are `most` already (0: any number). When the zone is busy it is not counted, and
  // that is a yes.
  bool take(uint32_t most);
  void give_back();

 private:
  shm::Zone* zone_ = nullptr;
  SharedPeer* peer_ = nullptr;
  shm::Hold* hold_ = nullptr;
  uint32_t uncounted_ = 0;  // taken while the zone was busy
  uint32_t owed_ = 0;       // given back while it was
};

}  // namespace sluice::upstream
