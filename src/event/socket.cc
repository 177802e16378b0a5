#include "event/socket.h"

#include <unistd.h>

namespace sluice::event {

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
