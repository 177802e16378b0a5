// Timers on a hierarchical wheel: arming and disarming are a few pointer writes whatever their number, so a
// deadline per wait costs nothing worth saving. Resolution 1 ms; a timer never fires early.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/list.h"

namespace sluice::event {

struct TimerTag {};

class Timer : public ListNode<TimerTag> {
 public:
  bool armed() const { return ListNode<TimerTag>::linked(); }
  void disarm() { ListNode<TimerTag>::unlink(); }
  uint64_t deadline() const { return deadline_; }

 protected:
  ~Timer() = default;
  // Called once from the loop; the timer is disarmed by then and may be armed again.
  virtual void expired() = 0;

 private:
  friend class TimerWheel;
  uint64_t deadline_ = 0;
};

class TimerWheel {
 public:
  static constexpr uint64_t kNever = UINT64_MAX;

  explicit TimerWheel(uint64_t now) : now_(now) {}
  // `deadline` in milliseconds of clock::now(). Re-arms when armed.
  void arm(Timer& timer, uint64_t deadline);
  // Fires what is due at `now`.
  void advance(uint64_t now) {
    if (earliest_ <= now) { fire(now); }
    now_ = std::max(now_, now);
  }
  // No timer is due before this; kNever when there is none. May be earlier than the first real deadline.
  uint64_t next() const { return earliest_; }

 private:
  static constexpr int kLevels = 4;
  static constexpr uint64_t kSlots = 256;

  void fire(uint64_t now);
  void place(Timer& timer);
  uint64_t first_of(int level) const;
  void recompute();

  uint64_t now_;
  uint64_t earliest_ = kNever;
  List<Timer, TimerTag> slots_[kLevels][kSlots];
  uint64_t used_[kLevels][kSlots / 64] = {};  // slots that may hold something
};

}  // namespace sluice::event
