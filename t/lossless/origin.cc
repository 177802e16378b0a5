#include "origin.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <string>

#include "frame.h"
#include "loop.h"
#include "message.h"
#include "pattern.h"

namespace lossless {

namespace {

constexpr size_t kMostPending = 65536;  // bytes made ahead of what the socket takes
constexpr uint64_t kPiece = 16384;

// One connection. Deletes itself when its client leaves.
class Guest final : public Watcher {
 public:
  Guest(Loop& loop, int fd) : Watcher(loop), socket_(fd) {
    next_request();
    watch(socket_, EPOLLIN);
  }
  ~Guest() override {
    watch(-1, 0);
    close(socket_);
  }

  void ready(uint32_t events) override {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0 || !take_in() || !give_out()) { delete this; }
  }

 private:
  void next_request() {
    hash_ = Hash();
    request_ =
        std::make_unique<Message>(Message::Kind::request, [this](std::string_view body) { hash_.add(body); });
  }

  // False: it has left.
  bool take_in() {
    char bytes[65536];
    // Whoever does not take what it is given is not listened to.
    while (out_.size() < kMostPending) {
      ssize_t count = recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT);
      if (count < 0) { return errno == EAGAIN; }
      if (count == 0) { return false; }
      in_.append(bytes, static_cast<size_t>(count));
      if (!understand()) { return false; }
      if (static_cast<size_t>(count) < sizeof bytes) { return true; }
    }
    return true;
  }

  bool understand() {
    while (left_ == 0 && !in_.empty()) {
      if (echoes_) { return echo(); }
      in_.erase(0, request_->feed(in_));
      if (request_->bad()) { return false; }
      if (!request_->complete()) { return true; }
      answer();
      next_request();
    }
    return true;
  }

  bool echo() {
    Frame frame;
    while (read_frame(in_, frame)) { write_frame(out_, frame.opcode, frame.payload, ""); }
    return true;
  }

  void answer() {
    std::string target(request_->second_word());
    uint64_t number = 0;
    uint64_t size = 0;
    if (sscanf(target.c_str(), "/bytes/%" SCNu64 "/%" SCNu64, &number, &size) == 2) {
      begin_bytes(number, size);
    } else if (target.starts_with("/hash/")) {
      char value[17];
      snprintf(value, sizeof value, "%016" PRIx64, hash_.value());
      std::string body = target.substr(target.rfind('/') + 1) + " " + value;
      out_ += "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    } else if (target == "/echo") {
      out_ +=
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: " +
          std::string(kAccept) + "\r\n\r\n";
      echoes_ = true;
    } else {
      out_ += "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    }
  }

  // One in four is chunked.
  void begin_bytes(uint64_t number, uint64_t size) {
    pattern_ = Pattern(number);
    left_ = size;
    chunked_ = number % 4 == 3;
    out_ += "HTTP/1.1 200 OK\r\n" +
            (chunked_ ? "Transfer-Encoding: chunked" : "Content-Length: " + std::to_string(size)) +
            "\r\n\r\n";
    if (chunked_ && left_ == 0) { out_ += "0\r\n\r\n"; }
    make_bytes();
  }

  void make_bytes() {
    while (left_ > 0 && out_.size() < kMostPending) {
      uint64_t size = std::min(left_, kPiece);
      char head[32];
      if (chunked_) {
        out_.append(head, static_cast<size_t>(snprintf(head, sizeof head, "%" PRIx64 "\r\n", size)));
      }
      size_t begin = out_.size();
      out_.resize(begin + size);
      pattern_.fill(out_.data() + begin, size);
      left_ -= size;
      if (chunked_) { out_ += left_ > 0 ? "\r\n" : "\r\n0\r\n\r\n"; }
    }
  }

  // False: it has left.
  bool give_out() {
    while (!out_.empty()) {
      ssize_t count = send(socket_, out_.data(), out_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count < 0 && errno != EAGAIN) { return false; }
      if (count < 0) { break; }
      out_.erase(0, static_cast<size_t>(count));
      make_bytes();
      if (!understand()) { return false; }
    }
    uint32_t wanted = out_.empty() ? 0U : static_cast<uint32_t>(EPOLLOUT);
    if (out_.size() < kMostPending) { wanted |= EPOLLIN; }
    watch(socket_, wanted);
    return true;
  }

  int socket_;
  std::unique_ptr<Message> request_;
  Hash hash_;
  std::string in_;
  std::string out_;
  Pattern pattern_{0};
  uint64_t left_ = 0;  // of the body that is being made
  bool chunked_ = false;
  bool echoes_ = false;
};

class Door final : public Watcher {
 public:
  Door(Loop& loop, int fd) : Watcher(loop), socket_(fd) { watch(fd, EPOLLIN); }

  void ready(uint32_t) override {
    while (true) {
      int fd = accept4(socket_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) { return; }
      int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      new Guest(loop(), fd);
    }
  }

 private:
  int socket_;
};

int listen_on(uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 1024) != 0) {
    perror("listen");
    return -1;
  }
  return fd;
}

}  // namespace

int run_origin(uint16_t port) {
  int fd = listen_on(port);
  if (fd < 0) { return 2; }
  Loop loop;
  Door door(loop, fd);
  loop.run();
  return 0;
}

}  // namespace lossless
