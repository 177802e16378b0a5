// Kept-alive connections to peers. A worker keeps a bounded number per group, most recently used first; one
// that becomes readable while idle was closed, or spoke out of turn, and is dropped at once.
#pragma once

#include "base/list.h"
#include "event/loop.h"
#include "net/connection.h"
#include "upstream/peer.h"

namespace sluice::upstream {

class Group;
struct GroupTag {};

// A connection to a peer that outlives one request.
class IdleConnection final : public event::Garbage,
                             public ListNode<>,
                             public ListNode<GroupTag>,
                             public event::Deadline {
 public:
  net::Connection io;
  Peer* peer = nullptr;
  Group* group = nullptr;
  uint32_t requests = 0;  // sent so far
  uint64_t made_at = 0;   // clock::now()
  bool reused = false;    // this request is not its first

  // Gives it to the pool, or closes it when the pool does not want it. The caller must not use it afterwards.
  void keep();
  // Closes and deletes it at the end of the turn.
  void drop();

 private:
  static void on_event(void* self);
  void met() override { drop(); }
};

}  // namespace sluice::upstream
