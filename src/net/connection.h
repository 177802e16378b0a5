// A connected stream socket: try-now reads and writes whose "again" is waited for through readable() and
// writable(). TLS will look the same from outside.
#pragma once

#include "base/chain.h"
#include "event/socket.h"
#include "net/address.h"

namespace sluice::net {

enum class Io : uint8_t { ok, again, end, error };

struct IoResult {
  Io status;
  size_t count;  // bytes moved when ok
  int sys = 0;   // errno when error
};

class Connection {
 public:
  static constexpr uint64_t kMostSendfile = 2 << 20;
  // Takes ownership of `fd`; false when it cannot be watched.
  bool open(int fd) { return socket_.open(fd); }
  void close() { socket_.close(); }
  bool is_open() const { return socket_.fd() >= 0; }
  int fd() const { return socket_.fd(); }
  event::Socket& socket() { return socket_; }
  event::Ready& readable() { return socket_.readable; }
  event::Ready& writable() { return socket_.writable; }
  event::Ready& hangup() { return socket_.hangup; }

  // Reads up to `room` bytes. `end` is the peer's orderly shutdown.
  IoResult read(char* to, size_t room);
  // Writes from the front of the chain what the socket takes, and consumes it. ok: everything is gone; again:
  // some is left. `count` is what was written either way. `most_sendfile` bounds one call for a file.
  IoResult write(Chain& chain, uint64_t most_sendfile = kMostSendfile);
  // Whether it was reset, or closed both ways, even while unread bytes remain.
  bool broken();
  // Bytes written that the peer has not confirmed.
  int64_t queued() const;
  // Whether small packets leave at once. Accepted sockets begin so.
  void set_nodelay(bool on);
  void shutdown_write();
  // Close with RST instead of FIN.
  void reset();

 private:
  ssize_t send_memory(const Chain& chain, uint64_t& asked);
  event::Socket socket_;
};

// Starts a connection. On success `fd` is connected or will be: wait for writable, then check
// connect_error().
struct ConnectStart {
  int fd = -1;
  int sys = 0;            // errno on failure
  const char* what = "";  // the call that failed: "socket()", "bind()", "connect()"
  bool connected = false;
};
struct ConnectOptions {
  const Address* bind = nullptr;
  bool keepalive = false;
  bool nodelay = true;
  int send_buffer = 0;
  int receive_buffer = 0;
};
ConnectStart start_connect(const Address& to, const ConnectOptions& options);
// The pending error of a socket, 0 when none.
int connect_error(int fd);

}  // namespace sluice::net
