// A non-blocking descriptor in the loop: registered once, edge-triggered, for both directions and for its
// whole life. Readiness is remembered here, so that reading and writing are tried first and waited for only
// when they must be.
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>

#include "event/wait.h"

namespace sluice::event {

struct DoubtTag {};

class Socket : public ListNode<DoubtTag> {
 public:
  Socket() = default;
  ~Socket() { close(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // Takes ownership of `fd`. False when the loop cannot watch it; the descriptor is closed then.
  bool open(int fd);
  // Leaves the loop and closes the descriptor.
  void close();
  // Leaves the loop; the caller owns the descriptor again.
  int release();
  int fd() const { return fd_; }

  Ready readable;
  Ready writable;
  // Set once the peer has shut down its side or the connection broke, even while unread bytes remain.
  Ready hangup;
  // A short read proves that nothing is left, unless the end of the stream is waiting behind it.
  void drained() {
    if (hangup.is_set()) { return; }
    readable.clear();
    if (!ListNode<DoubtTag>::linked()) { doubt(); }
  }
  // Called on every event when set: for an idle connection, which has no coroutine.
  void on_event(void (*call)(void*), void* context) {
    call_ = call;
    context_ = context;
  }

 private:
  static void ready(int fd, short what, void* self);
  void doubt();
  friend class Doubts;
  struct event event_;
  int fd_ = -1;
  void (*call_)(void*) = nullptr;
  void* context_ = nullptr;
};

}  // namespace sluice::event
