#include "upstream/group.h"

#include "base/clock.h"
#include "base/text.h"
#include "upstream/balance/round_robin.h"

namespace sluice::upstream {

namespace {
std::unique_ptr<Balancer> make(const BalancerRow* method, const std::vector<Peer*>& peers) {
  return method != nullptr ? method->make(peers) : make_round_robin(peers);
}
}  // namespace

void Group::finish() {
  std::vector<Peer*> primary;
  std::vector<Peer*> backup;
  for (auto& peer : peers) { (peer->backup ? backup : primary).push_back(peer.get()); }
  // With nobody to turn to, taking the only server for dead helps no one.
  if (peers.size() == 1) { peers[0]->max_fails = 0; }
  primary_ = make(method, primary);
  if (!backup.empty()) { backup_ = make_round_robin(backup); }
}

Peer* Group::pick(std::string_view key, const Tried& tried) {
  uint64_t now = clock::now();
  Peer* peer = nullptr;
  // With max_conns another worker may be quicker: then somebody else is chosen.
  for (size_t round = 0; round <= peers.size(); ++round) {
    peer = primary_->pick(key, tried, now);
    if (peer == nullptr && backup_ != nullptr) { peer = backup_->pick(key, tried, now); }
    if (peer == nullptr || peer->take()) { break; }
    peer = nullptr;
  }
  if (peer == nullptr) {
    // A request that had somebody to ask has counted failures of its own: those stand.
    if (tried.size() == 0 && live_count() == 0) {
      for (auto& each : peers) { each->forget_failures(); }
    }
    return nullptr;
  }
  if (peer->suspected()) { peer->probe(now); }
  return peer;
}

bool Group::share(shm::Zone& zone) {
  bool all = true;
  for (auto& peer : peers) {
    SharedPeer* place = find_shared(zone, name, peer->name);
    all = all && place != nullptr;
    if (place == nullptr) { continue; }
    peer->health = &place->health;
    peer->shared.use(zone, *place);
  }
  return all;
}

size_t Group::live_count() const {
  size_t live = 0;
  for (const auto& peer : peers) { live += peer->usable(clock::now()) ? 1 : 0; }
  return live;
}

}  // namespace sluice::upstream
