// The event loop of a process: libevent below; above it a run queue, timers, and a list of what dies at the
// end of the turn. A turn: wait for events, note them, run what they woke until nothing is left, then delete
// what was given up.
#pragma once

#include <cstdint>
#include <memory>

#include "base/list.h"
#include "event/timer.h"

struct event_base;

namespace sluice::event {

struct JobTag {};

// Work for later in this turn. An object may be queued once at a time; destroying it takes it out.
class Job : public ListNode<JobTag> {
 public:
  bool queued() const { return ListNode<JobTag>::linked(); }

 protected:
  ~Job() = default;
  virtual void run() = 0;

 private:
  friend class Loop;
};

struct GarbageTag {};

// Something deleted at the end of the turn, so that whoever is on the stack may still touch it.
class Garbage : public ListNode<GarbageTag> {
 public:
  virtual ~Garbage() = default;
};

class Loop {
 public:
  // The loop of this process; made on first use. After fork() a child calls forget() before using it.
  static Loop& current();
  // Drops the parent's loop without touching what it watches.
  static void forget();

  void run();  // until stop()
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }
  // One turn that waits at most `milliseconds`; for tests.
  void turn(int milliseconds);

  void soon(Job& job) {
    if (!job.queued()) { jobs_.push_back(&job); }
  }
  // In the next turn, after what will have happened by then.
  void later(Job& job) {
    if (!job.queued()) { later_.push_back(&job); }
  }
  void discard(Garbage* garbage) { garbage_.push_back(garbage); }
  void arm(Timer& timer, uint64_t deadline) { timers_.arm(timer, deadline); }
  event_base* base() const { return base_; }
  ~Loop();

 private:
  Loop();
  static void on_tick(int, short, void* self);
  void settle();
  void arm_tick(uint64_t next);

  event_base* base_;
  struct Tick;
  std::unique_ptr<Tick> tick_;
  uint64_t tick_at_ = TimerWheel::kNever;
  bool stopped_ = false;
  TimerWheel timers_;
  List<Job, JobTag> jobs_;
  List<Job, JobTag> later_;
  List<Garbage, GarbageTag> garbage_;
};

// A deadline that is set and cleared with every request and seldom met: its timer stays where it is on the
// wheel, and when that comes round it looks whether it is still meant, and for when.
class Deadline : private Timer {
 public:
  // Milliseconds of clock::now().
  void set(uint64_t at) {
    at_ = at;
    if (!armed() || Timer::deadline() > at) { Loop::current().arm(*this, at); }
  }
  void clear() { at_ = TimerWheel::kNever; }
  // Not later than this, if it is set at all.
  void bring_forward(uint64_t at) {
    if (at < at_ && at_ != TimerWheel::kNever) { set(at); }
  }

 protected:
  ~Deadline() = default;
  // Called once from the loop; cleared by then, and may be set again.
  virtual void met() = 0;

 private:
  void expired() final;
  uint64_t at_ = TimerWheel::kNever;
};

// A timer that calls a function: periodic work of a process. For waits use a leaf's deadline.
class Alarm final : public Timer {
 public:
  Alarm(void (*call)(void*), void* context) : call_(call), context_(context) {}
  void in(uint64_t milliseconds);

 private:
  void expired() override { call_(context_); }
  void (*call_)(void*);
  void* context_;
};

// Calls a function from the loop when the process receives `signal`.
class SignalWatch {
 public:
  SignalWatch(int signal, void (*call)(void*), void* context);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Calls a function whenever `fd` is readable (level-triggered): listening sockets, pipes. Owns nothing.
class ReadWatch {
 public:
  ReadWatch(int fd, void (*call)(void*), void* context);
  ~ReadWatch();
  ReadWatch(const ReadWatch&) = delete;
  ReadWatch& operator=(const ReadWatch&) = delete;
  void pause();
  void resume();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::event
