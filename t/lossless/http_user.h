// Makes HTTP requests of one kind: so many at once, so many on a connection, written and read at a certain
// pace.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "message.h"
#include "pattern.h"
#include "user.h"

namespace lossless {

struct Manner {
  const char* name;
  int users;
  int depth = 1;            // requests written in one go
  bool one_each = false;    // a connection is for one request
  uint64_t most_pause = 0;  // microseconds between one answer and the next request, at most
  uint64_t size = 0;        // bytes of a response, at most
  uint64_t upload = 0;      // bytes of a request's body
  uint64_t piece = 0;       // bytes written or read at a time, 0: what the socket takes
  uint64_t pace = 0;        // microseconds between pieces
};

class HttpUser final : public User {
 public:
  HttpUser(Loop& loop, Account& account, uint16_t port, uint64_t seed, const Manner& manner)
      : User(loop, account, port, seed), manner_(manner), seed_(seed) {
    pause(0, manner.most_pause + 1000);
  }

  void ready(uint32_t events) override;
  void due() override;
  void give_up(const char* why) override;

 private:
  struct Pending {
    explicit Pending(uint64_t its_number) : number(its_number), pattern(its_number) {}
    uint64_t number;
    uint64_t size = 0;     // of the body that is due
    std::string expected;  // the body, when it is no pattern
    Pattern pattern;
    std::string body;
    uint64_t got = 0;
    bool right = true;
    std::unique_ptr<Message> reply;
  };

  bool busy() const override { return !pending_.empty() || connecting_; }
  void begin();
  void compose();
  void compose_upload();
  void send();
  void write();
  bool write_piece();
  void read();
  void consume(std::string_view bytes);
  void take(Pending& pending, std::string_view body);
  void note_worker(const Message& reply);
  void judge(const Pending& pending);
  void lose(const Pending& pending, std::string why, bool crossed);
  void round_ended();
  void connection_ended(const char* how);
  void watch_more();

  const Manner& manner_;
  uint64_t seed_;
  std::deque<Pending> pending_;
  std::string out_;
  uint64_t body_left_ = 0;  // of the upload, not yet in out_
  std::unique_ptr<Pattern> body_;
  bool connecting_ = false;
  bool told_close_ = false;
  int worker_ = 0;
  uint64_t written_at_ = 0;
};

}  // namespace lossless
