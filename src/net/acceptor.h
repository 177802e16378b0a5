// Takes connections from a listening socket, one a turn or in batches, and hands them on. Out of descriptors
// it pauses instead of spinning.
#pragma once

#include <sys/socket.h>

#include <memory>

#include "event/loop.h"

namespace sluice::net {

class Acceptor {
 public:
  // `accepted` owns the descriptor it is given (non-blocking, close-on-exec).
  using Accepted = void (*)(void* context, int fd, const sockaddr* peer, socklen_t length);
  // `all`: every connection that waits is taken at once, as far as those already here can be kept waiting.
  // `starved`: the process has no descriptor left.
  using Starved = void (*)(void* context);
  Acceptor(int fd, bool all, Accepted accepted, Starved starved, void* context);
  // Takes all that wait in the queue now: before the socket is closed, which would reset them.
  void drain();
  // No more connections; those waiting in the queue stay there for others.
  void pause() { watch_.pause(); }
  void resume() { watch_.resume(); }
  int fd() const { return fd_; }

 private:
  static void ready(void* self);
  static void retry(void* self);
  void take(int most);
  int fd_;
  int batch_;  // connections a turn
  Accepted accepted_;
  Starved starved_;
  void* context_;
  event::ReadWatch watch_;
  event::Alarm again_;
};

}  // namespace sluice::net
