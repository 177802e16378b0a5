#include "event/socket.h"

#include <poll.h>
#include <unistd.h>

#include "event/loop.h"

namespace sluice::event {

// Bytes and a reset behind them may come in one event, and libevent does not tell it from one of bytes alone.
// The read of the bytes then says "drained", and nothing more will ever happen. So each socket that was
// drained is looked at once more, a moment later, unless it was read again by then: many with one call.
class Doubts {
 public:
  static Doubts& current() {
    static Doubts all;
    return all;
  }
  void add(Socket& socket) {
    if (sockets_.empty()) { alarm_.in(kDelayMs); }
    sockets_.push_back(&socket);
  }

 private:
  static constexpr uint64_t kDelayMs = 200;
  static constexpr size_t kBatch = 64;

  static void check(void* self) {
    List<Socket, DoubtTag> all;
    all.splice(static_cast<Doubts*>(self)->sockets_);
    while (!all.empty()) { check_some(all); }
  }
  static void check_some(List<Socket, DoubtTag>& from) {
    pollfd asked[kBatch];
    Socket* sockets[kBatch];
    nfds_t count = 0;
    List<Socket, DoubtTag> kept;
    while (Socket* socket = count < kBatch ? from.pop_front() : nullptr) {
      if (socket->readable.is_set()) { continue; }
      asked[count] = {socket->fd(), 0, 0};
      sockets[count++] = socket;
      kept.push_back(socket);
    }
    if (::poll(asked, count, 0) <= 0) { return; }
    for (nfds_t i = 0; i < count; ++i) {
      // What one event starts may end another's socket.
      bool there = sockets[i]->ListNode<DoubtTag>::linked();
      if (there && asked[i].revents != 0) { Socket::ready(asked[i].fd, EV_READ | EV_WRITE, sockets[i]); }
    }
  }

  List<Socket, DoubtTag> sockets_;
  Alarm alarm_{check, this};
};

void Socket::doubt() { Doubts::current().add(*this); }

bool Socket::open(int fd) {
  fd_ = fd;
  event_assign(&event_, Loop::current().base(), fd, EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST,
               ready, this);
  if (event_add(&event_, nullptr) == 0) { return true; }
  ::close(fd);
  fd_ = -1;
  return false;
}

int Socket::release() {
  int fd = fd_;
  if (fd_ >= 0) { event_del(&event_); }
  ListNode<DoubtTag>::unlink();
  fd_ = -1;
  return fd;
}

void Socket::close() {
  int fd = release();
  if (fd >= 0) { ::close(fd); }
}

void Socket::ready(int, short what, void* self) {
  auto* socket = static_cast<Socket*>(self);
  if ((what & EV_CLOSED) != 0) {
    socket->hangup.set();
    socket->readable.set();
  }
  if ((what & EV_READ) != 0) { socket->readable.set(); }
  if ((what & EV_WRITE) != 0) { socket->writable.set(); }
  if (socket->call_ != nullptr) { socket->call_(socket->context_); }
}

}  // namespace sluice::event
