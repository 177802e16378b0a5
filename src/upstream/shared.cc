#include "upstream/shared.h"

#include <atomic>
#include <cstring>
#include <string>

#include "shm/check.h"

namespace sluice::upstream {

namespace {

struct Index {  // one for each shard
  shm::Table<SharedPeer> table;
};

bool prepare(shm::Transaction& tx) {
  auto* index = shm::make<Index>(tx);
  if (index == nullptr || !index->table.prepare(tx, sizeof(SharedPeer) + 64)) { return false; }
  tx.set_root(index);
  return true;
}

void reach(shm::Transaction& tx, shm::Reach& reached) {
  Index* index = tx.root<Index>();
  reached.block(index);
  reached.block(index->table.block(tx));
  bool whole = index->table.walk(tx, [&](SharedPeer& peer) {
    reached.block(&peer);
    reached.held(peer);
  });
  if (!whole) { reached.wrong("the table of servers"); }
}

}  // namespace

const shm::Kind kUpstreamKind{"upstream", 1, prepare, nullptr, reach};

SharedPeer* find_shared(shm::Zone& zone, std::string_view group, std::string_view server) {
  std::string key = std::string(group) + '\0' + std::string(server);
  uint64_t hash = zone.hash(key);
  shm::Transaction tx(zone.shard_for(hash));
  if (!tx) { return nullptr; }
  Index& index = *tx.root<Index>();
  if (SharedPeer* found = index.table.find(tx, hash, key)) { return found; }
  auto* made = shm::make<SharedPeer>(tx, key.size());
  if (made == nullptr) { return nullptr; }
  made->size = static_cast<uint32_t>(key.size());
  memcpy(made + 1, key.data(), key.size());
  index.table.insert(tx, made, hash);
  tx.commit();
  return made;
}

void SharedCount::use(shm::Zone& zone, SharedPeer& peer) {
  zone_ = &zone;
  peer_ = &peer;
}

uint32_t SharedCount::total() const {
  return std::atomic_ref<uint32_t>(peer_->references).load(std::memory_order_relaxed);
}

bool SharedCount::take(uint32_t most) {
  shm::Transaction tx(zone_->shard_for(zone_->hash(peer_->key())));
  if (!tx) {
    ++uncounted_;
    return true;
  }
  for (; owed_ > 0 && hold_ != nullptr; --owed_) {
    bool last = hold_->count == 1;
    shm::release(tx, *hold_);
    tx.commit();
    if (last) { hold_ = nullptr; }
  }
  if (most != 0 && peer_->references >= most) { return false; }
  if (hold_ != nullptr) {
    shm::hold_again(tx, *hold_);
  } else {
    hold_ = shm::hold(tx, *peer_);
    if (hold_ == nullptr) { ++uncounted_; }
  }
  tx.commit();
  return true;
}

void SharedCount::give_back() {
  if (uncounted_ > 0) {
    --uncounted_;
    return;
  }
  shm::Transaction tx(zone_->shard_for(zone_->hash(peer_->key())));
  if (!tx) {
    ++owed_;
    return;
  }
  if (hold_ == nullptr) { return; }
  bool last = hold_->count == 1;
  shm::release(tx, *hold_);
  tx.commit();
  if (last) { hold_ = nullptr; }
}

}  // namespace sluice::upstream
