#include "upstream/peer.h"

#include "upstream/idle.h"

namespace sluice::upstream {

bool Peer::usable(uint64_t now) const {
  if (down) { return false; }
  return max_fails == 0 || fails < max_fails || now - checked_at > fail_timeout;
}

bool Peer::failed(uint64_t now) {
  if (now - checked_at > fail_timeout && fails < max_fails) { fails = 0; }  // an old window: start a new one
  ++fails;
  failed_at = now;
  checked_at = now;
  return max_fails != 0 && fails >= max_fails;
}

void Peer::succeeded(uint64_t started_at) {
  // An answer to a request that began before the last failure proves nothing about now.
  if (fails > 0 && failed_at <= started_at) { fails = 0; }
}

}  // namespace sluice::upstream
