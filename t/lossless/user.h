// Somebody who makes requests: one socket, one thing at a time, until told to stop.
#pragma once

#include <random>

#include "account.h"
#include "connection.h"
#include "loop.h"

namespace lossless {

class User : public Watcher {
 public:
  User(Loop& loop, Account& account, uint16_t port, uint64_t seed)
      : Watcher(loop), account_(account), port_(port), random_(seed) {}

  // Begins no more requests; is done() once those under way have ended.
  void stop();
  bool done() const { return done_; }
  // Counts as lost what has waited for too long without a byte moving.
  void look_for_silence();
  // Counts what is under way as lost.
  virtual void give_up(const char* why) = 0;

 protected:
  // Whether a request is under way.
  virtual bool busy() const = 0;

  void pause(uint64_t shortest, uint64_t longest);
  void finished();
  bool stopping() const { return stopping_; }
  void moved() { moved_at_ = now(); }
  uint64_t pick(uint64_t smallest, uint64_t largest) {
    return std::uniform_int_distribution<uint64_t>(smallest, largest)(random_);
  }
  // A number that no other request has.
  uint64_t fresh_number() { return random_() >> 8; }
  void disconnect();

  Account& account_;
  Connection connection_;
  uint16_t port_;

 private:
  std::mt19937_64 random_;
  uint64_t moved_at_ = 0;
  bool stopping_ = false;
  bool done_ = false;
};

}  // namespace lossless
