#include "connection.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace lossless {

bool Connection::open(uint16_t port, int receive_buffer) {
  close();
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (receive_buffer > 0) { setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer); }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  written_ = marked_ = before_ = 0;
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 || errno == EINPROGRESS) {
    return true;
  }
  close();
  return false;
}

bool Connection::connected() {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) { return false; }
  sockaddr_in local{};
  size = sizeof local;
  getsockname(fd_, reinterpret_cast<sockaddr*>(&local), &size);
  local_port_ = ntohs(local.sin_port);
  before_ = acknowledged();
  return true;
}

void Connection::close() {
  if (fd_ >= 0) { ::close(fd_); }
  fd_ = -1;
}

ssize_t Connection::write(std::string_view bytes) {
  ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count > 0) { written_ += static_cast<uint64_t>(count); }
  return count;
}

ssize_t Connection::read(char* to, size_t size) { return recv(fd_, to, size, MSG_DONTWAIT); }

bool Connection::ended() const {
  char byte = 0;
  ssize_t count = recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
  return count == 0 || (count < 0 && errno != EAGAIN);
}

uint64_t Connection::acknowledged() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd_, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) { return UINT64_MAX; }
  return info.tcpi_bytes_acked;
}

bool Connection::nothing_arrived() const { return acknowledged() <= before_ + marked_; }

}  // namespace lossless
