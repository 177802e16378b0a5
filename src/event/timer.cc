#include "event/timer.h"

#include <algorithm>
#include <bit>

namespace sluice::event {

namespace {
// Time at which level `level` must look at the slot of `deadline`: its deadline rounded down to the slot's
// start.
uint64_t slot_start(uint64_t deadline, int level) { return deadline >> (8 * level) << (8 * level); }
}  // namespace

void TimerWheel::arm(Timer& timer, uint64_t deadline) {
  timer.disarm();
  timer.deadline_ = std::max(deadline, now_ + 1);
  place(timer);
}

void TimerWheel::place(Timer& timer) {
  uint64_t delta = timer.deadline_ - now_;
  // The level whose slots are the coarsest that still tell this delay from a longer one.
  int level = std::min(static_cast<int>(std::bit_width(delta | 1) - 1) / 8, kLevels - 1);
  uint64_t at = timer.deadline_;
  // Beyond the wheel's range: as far as it reaches, placed again when that comes round.
  if (delta >= uint64_t{1} << 32) { at = now_ + (uint64_t{1} << 32) - 1; }
  uint64_t slot = (at >> (8 * level)) & (kSlots - 1);
  slots_[level][slot].push_back(&timer);
  used_[level][slot / 64] |= uint64_t{1} << (slot % 64);
  earliest_ = std::min(earliest_, slot_start(at, level));
}

uint64_t TimerWheel::first_of(int level) const {
  uint64_t base = now_ >> (8 * level);
  for (uint64_t step = 1; step <= kSlots;) {
    uint64_t slot = (base + step) & (kSlots - 1);
    uint64_t word = used_[level][slot / 64] >> (slot % 64);
    if (word != 0) {
      uint64_t found = step + static_cast<uint64_t>(std::countr_zero(word));
      return found <= kSlots ? (base + found) << (8 * level) : kNever;
    }
    step += 64 - slot % 64;
  }
  return kNever;
}

void TimerWheel::recompute() {
  earliest_ = kNever;
  for (int level = 0; level < kLevels; ++level) { earliest_ = std::min(earliest_, first_of(level)); }
}

void TimerWheel::fire(uint64_t now) {
  while (earliest_ <= now) {
    uint64_t at = std::max(earliest_, now_);
    now_ = at;
    List<Timer, TimerTag> due;
    // Higher levels first: what they hold for this moment moves down to where it belongs.
    for (int level = kLevels - 1; level >= 0; --level) {
      if (slot_start(at, level) != at) { continue; }
      uint64_t slot = (at >> (8 * level)) & (kSlots - 1);
      List<Timer, TimerTag> moved;
      moved.splice(slots_[level][slot]);
      used_[level][slot / 64] &= ~(uint64_t{1} << (slot % 64));
      while (Timer* timer = moved.pop_front()) {
        if (timer->deadline_ <= at) {
          due.push_back(timer);
        } else {
          place(*timer);
        }
      }
    }
    while (Timer* timer = due.pop_front()) { timer->expired(); }
    recompute();
  }
}

}  // namespace sluice::event
