#include "upstream/peer.h"

#include <atomic>

#include "upstream/idle.h"

namespace sluice::upstream {

namespace {

// The health may be in shared memory. Each field is whole; nothing depends on two of them agreeing.
template <class T>
T get(const T& field) {
  return std::atomic_ref<T>(const_cast<T&>(field)).load(std::memory_order_relaxed);
}
template <class T>
void put(T& field, std::type_identity_t<T> value) {
  std::atomic_ref<T>(field).store(value, std::memory_order_relaxed);
}

// Another worker's clock may be a turn ahead of ours.
bool longer_ago(uint64_t then, uint64_t now, uint64_t than) { return now > then && now - then > than; }

}  // namespace

bool Peer::usable(uint64_t now) const {
  if (down) { return false; }
  return !suspected() || longer_ago(get(health->checked_at), now, fail_timeout);
}

bool Peer::suspected() const { return max_fails != 0 && get(health->fails) >= max_fails; }

bool Peer::failed(uint64_t now) {
  uint32_t fails = get(health->fails);
  // An old window: start a new one.
  if (longer_ago(get(health->checked_at), now, fail_timeout) && fails < max_fails) { fails = 0; }
  put(health->fails, ++fails);
  put(health->failed_at, now);
  put(health->checked_at, now);
  return max_fails != 0 && fails >= max_fails;
}

void Peer::succeeded(uint64_t started_at) {
  // An answer to a request that began before the last failure proves nothing about now.
  if (get(health->fails) > 0 && get(health->failed_at) <= started_at) { forget_failures(); }
}

void Peer::probe(uint64_t now) { put(health->checked_at, now); }
void Peer::forget_failures() { put(health->fails, 0); }

}  // namespace sluice::upstream
