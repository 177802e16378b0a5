#include "socket_user.h"

#include <sys/epoll.h>

#include <cerrno>

#include "frame.h"
#include "message.h"
#include "pattern.h"

namespace lossless {

namespace {

constexpr uint64_t kLargestMessage = 3000;
constexpr uint64_t kShortestPause = 10'000;  // microseconds between messages
constexpr uint64_t kLongestPause = 120'000;
constexpr std::string_view kMask = "mask";

}  // namespace

SocketUser::SocketUser(Loop& loop, Account& account, uint16_t port, uint64_t seed, uint64_t life)
    : User(loop, account, port, seed), life_(life) {
  pause(0, kLongestPause);
}

void SocketUser::due() {
  if (state_ == State::away) {
    connect();
  } else if (state_ == State::between) {
    leave_or_go_on();
  }
}

void SocketUser::connect() {
  worker_ = 0;
  in_.clear();
  moved();
  if (!connection_.open(port_, 0)) {
    account_.refused(1);
    pause(kShortestPause, kLongestPause);
    return;
  }
  state_ = State::connecting;
  watch(connection_.fd(), EPOLLOUT);
}

void SocketUser::ready(uint32_t) {
  if (state_ != State::connecting) {
    read();
  } else if (connection_.connected()) {
    open();
  } else {
    account_.refused(1);
    ended("refused");
  }
}

void SocketUser::open() {
  state_ = State::opening;
  end_ = now() + pick(life_ / 2, life_);
  watch(connection_.fd(), EPOLLIN);
  put("GET /echo HTTP/1.1\r\nHost: lossless\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
      std::string(kKey) + "\r\n\r\n");
}

void SocketUser::ask() {
  state_ = State::asked;
  number_ = fresh_number();
  message_.resize(pick(0, kLargestMessage));
  Pattern(number_).fill(message_.data(), message_.size());
  std::string bytes;
  write_frame(bytes, kBinary, message_, kMask);
  put(bytes);
}

void SocketUser::leave() {
  state_ = State::leaving;
  message_.clear();
  std::string bytes;
  write_frame(bytes, kClose, message_, kMask);
  put(bytes);
}

void SocketUser::put(std::string_view bytes) {
  written_at_ = now();
  moved();
  connection_.mark();
  account_.sent(1);
  // So little that the socket takes it all, or it is broken, which is found when the answer is read.
  connection_.write(bytes);
}

void SocketUser::read() {
  char bytes[8192];
  ssize_t count = connection_.read(bytes, sizeof bytes);
  if (count < 0 && errno == EAGAIN) { return; }
  if (count <= 0) {
    ended(count == 0 ? "closed" : "reset");
    return;
  }
  moved();
  in_.append(bytes, static_cast<size_t>(count));
  if (state_ == State::opening) {
    take_handshake();
  } else {
    take_frames();
  }
}

void SocketUser::take_handshake() {
  Message reply(Message::Kind::response, nullptr);
  size_t size = reply.feed(in_);
  if (!reply.head_complete()) { return; }
  in_.erase(0, size);
  worker_ = atoi(std::string(reply.field("x-worker")).c_str());
  if (reply.status() != 101 || reply.field("sec-websocket-accept") != kAccept) {
    ended("no handshake: status");
    return;
  }
  answered(State::between);
}

void SocketUser::take_frames() {
  Frame frame;
  while (connection_.is_open() && read_frame(in_, frame)) {
    bool wanted = (state_ == State::asked && frame.opcode == kBinary) ||
                  (state_ == State::leaving && frame.opcode == kClose);
    if (!wanted || frame.payload != message_) {
      ended("a wrong echo: broken off");
      return;
    }
    answered(state_ == State::asked ? State::between : State::away);
  }
}

void SocketUser::answered(State next) {
  account_.answered(now() - written_at_);
  state_ = next;
  if (state_ == State::away) {
    disconnect();
    pause(kShortestPause, kLongestPause);
  } else {
    call_at(now() + pick(kShortestPause, kLongestPause));
  }
}

void SocketUser::leave_or_go_on() {
  if (stopping() || now() >= end_) {
    leave();
  } else {
    ask();
  }
}

void SocketUser::ended(const char* how) {
  if (state_ == State::between) {
    account_.sent(1);
    written_at_ = now();
    lose(std::string(how) + " between messages", false);
  } else if (state_ != State::connecting) {
    lose(std::string(how) + " before the answer", connection_.nothing_arrived());
  }
  state_ = State::away;
  disconnect();
  pause(kShortestPause, kLongestPause);
}

void SocketUser::lose(std::string why, bool crossed) {
  account_.lost({std::move(why), number_, connection_.local_port(), worker_, now() - written_at_, crossed});
}

void SocketUser::give_up(const char* why) { ended(why); }

}  // namespace lossless
