// A group of peers: an `upstream` block, or the addresses behind one name.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/registry.h"
#include "conf/directive.h"
#include "upstream/idle.h"
#include "upstream/peer.h"

namespace sluice::upstream {

struct KeepaliveSettings {
  uint32_t connections = 32;  // idle ones kept by a worker
  uint32_t requests = 1000;   // on one connection
  uint64_t time = 3'600'000;  // ms of a connection's whole life
  uint64_t timeout = 60'000;  // ms idle
};

// Peers already tried for one request. The first few cost no allocation: most requests try one.
class Tried {
 public:
  void add(const Peer* peer) {
    if (size_ < kInline) {
      first_[size_] = peer;
    } else {
      more_.push_back(peer);
    }
    ++size_;
  }
  bool has(const Peer* peer) const {
    for (size_t i = 0; i < size_ && i < kInline; ++i) {
      if (first_[i] == peer) { return true; }
    }
    for (const Peer* tried : more_) {
      if (tried == peer) { return true; }
    }
    return false;
  }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kInline = 4;
  const Peer* first_[kInline];
  size_t size_ = 0;
  std::vector<const Peer*> more_;
};

// Chooses among the peers of one tier. One per group and tier and worker.
class Balancer {
 public:
  virtual ~Balancer() = default;
  // A usable peer not in `tried`, or null. `key` is for methods that hash.
  virtual Peer* pick(std::string_view key, const Tried& tried, uint64_t now) = 0;
};

// A balancing method: registered by its file, named by a directive of the upstream block.
struct BalancerRow {
  const char* name;
  std::unique_ptr<Balancer> (*make)(const std::vector<Peer*>& peers);
};

class Group {
 public:
  Group() = default;
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group() { drop_idle(); }
  std::string name;
  std::vector<std::unique_ptr<Peer>> peers;
  KeepaliveSettings keepalive;
  const BalancerRow* method = nullptr;  // null: round robin
  std::string zone;                     // whose memory the workers share about the peers; empty: none
  bool implicit = false;                // made for a name in proxy_pass, not by an upstream block

  // After the last peer was added.
  void finish();
  // In a worker: what is known of the peers is in the zone from now on. False when there was no room for all.
  bool share(shm::Zone& zone);
  // Counts the peer as in use until given back. Null: none is live; then all failures are forgotten, so that
  // the next request tries again.
  Peer* pick(std::string_view key, const Tried& tried);
  void give_back(Peer& peer) { peer.give_back(); }
  // A kept-alive connection to this peer, most recently used first; null when there is none.
  IdleConnection* take_idle(Peer& peer);
  void drop_idle();
  size_t live_count() const;

  List<IdleConnection, GroupTag> idle;
  uint32_t idle_count = 0;

 private:
  std::unique_ptr<Balancer> primary_;
  std::unique_ptr<Balancer> backup_;
};

// The group called `name` of an `upstream` block in the given realm ("http", "stream"); null when there is
// none.
Group* find_group(conf::Build& build, const std::string& realm, const std::string& name);
// A group of its own for a name or address outside upstream blocks; made once per name and port.
Group* implicit_group(conf::Build& build, const std::string& realm, const conf::Word& where,
                      std::string_view authority, uint16_t default_port);

}  // namespace sluice::upstream
