// What became of the requests of one kind. README.md says what is counted as what.
#pragma once

#include <cstdint>
#include <string>

namespace lossless {

// Where and when a request was lost, so that it can be found in logs and traces.
struct Loss {
  std::string why;
  uint64_t number = 0;  // the request's
  uint16_t port = 0;    // the client's end
  int worker = 0;       // the process that gave this connection's last answer, 0: none yet
  uint64_t waited = 0;  // microseconds since it was written
  bool crossed = false;
};

class Account {
 public:
  explicit Account(std::string name) : name_(std::move(name)) {}

  void sent(uint64_t count) { sent_ += count; }
  void answered(uint64_t waited);
  void refused(uint64_t count) { refused_ += count; }
  void declined() { ++declined_; }
  void lost(const Loss& loss);
  // A connection on which nothing was under way.
  void ended_idle() { ++ended_idle_; }

  bool has_answers() const { return answered_ > 0; }
  void print() const;

 private:
  std::string name_;
  uint64_t sent_ = 0;
  uint64_t answered_ = 0;
  uint64_t refused_ = 0;
  uint64_t declined_ = 0;
  uint64_t lost_ = 0;
  uint64_t crossed_ = 0;
  uint64_t ended_idle_ = 0;
  uint64_t longest_ = 0;
};

}  // namespace lossless
