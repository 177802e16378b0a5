#include "net/connection.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sluice::net {

namespace {
constexpr size_t kMostIovecs = 64;
}  // namespace

IoResult Connection::read(char* to, size_t room) {
  for (;;) {
    ssize_t n = ::recv(fd(), to, room, 0);
    if (n > 0) {
      if (static_cast<size_t>(n) < room) { socket_.drained(); }
      return {Io::ok, static_cast<size_t>(n)};
    }
    if (n == 0) { return {Io::end, 0}; }
    if (errno == EINTR) { continue; }
    if (errno == EAGAIN) {
      readable().clear();
      return {Io::again, 0};
    }
    return {Io::error, 0, errno};
  }
}

// Sends the leading slices that are memory; `asked` is how much that would be. No MSG_MORE when a file
// follows: joining a head with the file's pages costs the kernel three times what a packet of its own does.
ssize_t Connection::send_memory(const Chain& chain, uint64_t& asked) {
  if (chain.slices() == 1) {
    asked = chain.size();
    return ::send(fd(), chain.front().data, asked, MSG_NOSIGNAL);
  }
  iovec vectors[kMostIovecs];
  msghdr message{};
  message.msg_iov = vectors;
  message.msg_iovlen = chain.iovecs(vectors, kMostIovecs);
  asked = 0;
  for (size_t i = 0; i < message.msg_iovlen; ++i) { asked += vectors[i].iov_len; }
  return ::sendmsg(fd(), &message, MSG_NOSIGNAL);
}

IoResult Connection::write(Chain& chain, uint64_t most_sendfile) {
  size_t total = 0;
  while (!chain.empty()) {
    const Slice& front = chain.front();
    const bool file = front.in_file();
    ssize_t n;
    uint64_t asked;
    if (file) {
      off_t offset = front.offset;
      asked = std::min(front.size, most_sendfile);
      n = ::sendfile(fd(), front.fd, &offset, asked);
      if (n == 0) { return {Io::error, total, EIO}; }  // the file shrank under us
    } else {
      n = send_memory(chain, asked);
    }
    if (n < 0) {
      if (errno == EINTR) { continue; }
      if (errno != EAGAIN) { return {Io::error, total, errno}; }
      writable().clear();
      return {Io::again, total};
    }
    total += static_cast<size_t>(n);
    chain.consume(static_cast<uint64_t>(n));
    // A short write says that the socket is full; a short sendfile may also have met a page that was not
    // there.
    if (static_cast<uint64_t>(n) < asked && !file) {
      writable().clear();
      return {chain.empty() ? Io::ok : Io::again, total};
    }
  }
  return {Io::ok, total};
}

bool Connection::broken() {
  // Asks for nothing: what went wrong is told all the same. A read would not do, it finds the bytes, or the
  // end of the stream, that came before the reset.
  pollfd ask{fd(), 0, 0};
  return ::poll(&ask, 1, 0) > 0;
}

int64_t Connection::queued() const {
  int bytes = 0;
  return ::ioctl(fd(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

void Connection::set_nodelay(bool on) {
  int value = on ? 1 : 0;
  ::setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &value, sizeof value);
}

void Connection::shutdown_write() { ::shutdown(fd(), SHUT_WR); }

void Connection::reset() {
  linger hard{1, 0};
  ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close();
}

namespace {
ConnectStart failed(int fd, const char* what) {
  int sys = errno;
  if (fd >= 0) { ::close(fd); }
  return {-1, sys, what, false};
}
}  // namespace

ConnectStart start_connect(const Address& to, const ConnectOptions& options) {
  int fd = ::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) { return failed(fd, "socket()"); }
  int one = 1;
  if (options.keepalive) { ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one); }
  if (options.receive_buffer > 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &options.receive_buffer, sizeof options.receive_buffer);
  }
  if (options.nodelay && to.family() != AF_UNIX) {
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  if (options.bind != nullptr) {
    // The port is chosen when the connection is made, so that many connections may share one address.
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (::bind(fd, options.bind->raw(), options.bind->length()) < 0) { return failed(fd, "bind()"); }
  }
  if (::connect(fd, to.raw(), to.length()) == 0) { return {fd, 0, "", true}; }
  if (errno != EINPROGRESS && errno != EINTR) { return failed(fd, "connect()"); }
  return {fd, 0, "", false};
}

int connect_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) { return errno; }
  return error;
}

}  // namespace sluice::net
