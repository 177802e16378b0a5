// epoll and timers for one thread. A Watcher has one socket and one moment at which it wants to be called.
#pragma once

#include <cstdint>
#include <set>
#include <utility>

namespace lossless {

// Microseconds of the monotonic clock.
uint64_t now();

class Loop;

class Watcher {
 public:
  explicit Watcher(Loop& loop) : loop_(loop) {}
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  virtual ~Watcher();

  // Events of epoll on the socket; it may have been closed by a timer since.
  virtual void ready(uint32_t events) = 0;
  // The moment of call_at() has come.
  virtual void due() {}

 protected:
  // Watches `fd` for these events instead of what was watched; -1 for nothing. Does not close anything.
  void watch(int fd, uint32_t events);
  // 0: never.
  void call_at(uint64_t moment);
  int fd() const { return fd_; }
  Loop& loop() { return loop_; }

 private:
  friend class Loop;
  Loop& loop_;
  int fd_ = -1;
  uint32_t events_ = 0;
  uint64_t moment_ = 0;
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  // Until stop().
  void run();
  void stop() { running_ = false; }

 private:
  friend class Watcher;
  void call_due();
  int timeout() const;

  int epoll_;
  bool running_ = true;
  std::set<std::pair<uint64_t, Watcher*>> moments_;
  std::set<Watcher*> watchers_;  // a watcher may be gone when its event is looked at
};

}  // namespace lossless
