#include "upstream/idle.h"

#include "base/clock.h"
#include "upstream/group.h"

namespace sluice::upstream {

void IdleConnection::on_event(void* self) {
  auto* connection = static_cast<IdleConnection*>(self);
  // Becoming writable is of no interest; anything to read is.
  if (connection->io.readable().is_set() || connection->io.hangup().is_set()) { connection->drop(); }
}

void IdleConnection::keep() {
  const KeepaliveSettings& settings = group->keepalive;
  uint64_t now = clock::now();
  bool wanted = settings.connections > 0 && requests < settings.requests && now - made_at < settings.time &&
                !io.readable().is_set() && !io.hangup().is_set();
  if (!wanted) {
    drop();
    return;
  }
  if (group->idle_count >= settings.connections) { group->idle.back()->drop(); }
  peer->idle.push_front(this);
  group->idle.push_front(this);
  ++group->idle_count;
  io.socket().on_event(on_event, this);
  set(now + settings.timeout);
}

void IdleConnection::drop() {
  if (ListNode<GroupTag>::linked()) {
    ListNode<GroupTag>::unlink();
    --group->idle_count;
  }
  ListNode<>::unlink();
  clear();
  io.socket().on_event(nullptr, nullptr);
  io.close();
  if (!ListNode<event::GarbageTag>::linked()) { event::Loop::current().discard(this); }
}

IdleConnection* Group::take_idle(Peer& peer) {
  while (IdleConnection* connection = peer.idle.front()) {
    if (connection->io.readable().is_set()) {
      connection->drop();
      continue;
    }
    connection->ListNode<>::unlink();
    connection->ListNode<GroupTag>::unlink();
    --idle_count;
    connection->clear();
    connection->io.socket().on_event(nullptr, nullptr);
    connection->reused = true;
    return connection;
  }
  return nullptr;
}

void Group::drop_idle() {
  while (IdleConnection* connection = idle.front()) { connection->drop(); }
}

}  // namespace sluice::upstream
