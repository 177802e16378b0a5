#include "net/acceptor.h"

#include <netinet/in.h>
#include <sys/un.h>

#include <cerrno>

#include "base/log.h"
#include "base/occasional.h"

namespace sluice::net {

namespace {
constexpr int kBatch = 64;  // connections a turn: those already here must be served, too
// One a turn leaves the others to workers that have nothing to do, and saves the call that finds no more.
constexpr int kOne = 1;
constexpr int kMostDrained =
    4096;  // of a queue that is about to be closed: more than a backlog is likely to hold
constexpr uint64_t kPauseMs = 100;  // after running out of descriptors or memory
}  // namespace

Acceptor::Acceptor(int fd, bool all, Accepted accepted, Starved starved, void* context)
    : fd_(fd),
      batch_(all ? kBatch : kOne),
      accepted_(accepted),
      starved_(starved),
      context_(context),
      watch_(fd, ready, this),
      again_(retry, this) {}

void Acceptor::retry(void* self) { static_cast<Acceptor*>(self)->watch_.resume(); }

void Acceptor::ready(void* self) {
  auto* acceptor = static_cast<Acceptor*>(self);
  acceptor->take(acceptor->batch_);
}

void Acceptor::drain() { take(kMostDrained); }

void Acceptor::take(int most) {
  for (int i = 0; i < most; ++i) {
    union {
      sockaddr any;
      sockaddr_in v4;
      sockaddr_in6 v6;
      sockaddr_un un;
    } peer{};
    socklen_t length = sizeof peer;
    int fd = ::accept4(fd_, &peer.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      accepted_(context_, fd, &peer.any, length);
      continue;
    }
    if (errno == EAGAIN) { return; }
    if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) { continue; }
    // One for all listening sockets: they lack the same thing.
    static Occasional line;
    int sys = errno;
    if (line.due()) {
      log::crit(sys, "accept4() failed, %llu times", static_cast<unsigned long long>(line.times()));
    }
    if (sys == EMFILE) { starved_(context_); }
    watch_.pause();
    again_.in(kPauseMs);
    return;
  }
}

}  // namespace sluice::net
