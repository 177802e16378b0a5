// Opens a WebSocket, has messages echoed for a while, says goodbye, and begins anew.
#pragma once

#include <string>

#include "user.h"

namespace lossless {

class SocketUser final : public User {
 public:
  // `life`: microseconds that a WebSocket is used.
  SocketUser(Loop& loop, Account& account, uint16_t port, uint64_t seed, uint64_t life);

  void ready(uint32_t events) override;
  void due() override;
  void give_up(const char* why) override;

 private:
  // opening, asked: the goodbye, and a message between both, are requests like the handshake.
  enum class State { away, connecting, opening, between, asked, leaving };

  // Between messages the goodbye is still to come: who breaks the connection there has lost it.
  bool busy() const override { return state_ != State::away; }
  void connect();
  void open();
  void ask();
  void leave();
  void put(std::string_view bytes);
  void read();
  void take_handshake();
  void take_frames();
  void answered(State next);
  void ended(const char* how);
  void lose(std::string why, bool crossed);
  void leave_or_go_on();

  State state_ = State::away;
  uint64_t life_;
  uint64_t end_ = 0;
  uint64_t number_ = 0;
  uint64_t written_at_ = 0;
  int worker_ = 0;
  std::string message_;
  std::string in_;
};

}  // namespace lossless
