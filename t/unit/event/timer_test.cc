#include "event/timer.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <vector>

namespace sluice::event {
namespace {

struct Probe final : Timer {
  explicit Probe(const uint64_t* now) : now(now) {}
  void expired() override { fired_at = *now; }
  const uint64_t* now;
  uint64_t fired_at = 0;
};

struct TimerWheelTest : testing::Test {
  uint64_t now = 1000;
  TimerWheel wheel{1000};
  void to(uint64_t time) {
    now = time;
    wheel.advance(time);
  }
};

TEST_F(TimerWheelTest, FiresWhenDueAndNotBefore) {
  Probe probe(&now);
  wheel.arm(probe, 1500);
  to(1499);
  EXPECT_EQ(probe.fired_at, 0u);
  EXPECT_TRUE(probe.armed());
  to(1500);
  EXPECT_EQ(probe.fired_at, 1500u);
  EXPECT_FALSE(probe.armed());
  EXPECT_EQ(wheel.next(), TimerWheel::kNever);
}

TEST_F(TimerWheelTest, ArmedAgainMovesAndDisarmedIsSilent) {
  Probe moved(&now), gone(&now);
  wheel.arm(moved, 1100);
  wheel.arm(moved, 1300);
  wheel.arm(gone, 1100);
  gone.disarm();
  to(1200);
  EXPECT_EQ(moved.fired_at, 0u);
  to(1300);
  EXPECT_EQ(moved.fired_at, 1300u);
  EXPECT_EQ(gone.fired_at, 0u);
}

TEST_F(TimerWheelTest, WhatIsPastFiresNext) {
  Probe probe(&now);
  wheel.arm(probe, 10);
  to(1001);
  EXPECT_EQ(probe.fired_at, 1001u);
}

TEST_F(TimerWheelTest, ReachesBeyondItsRange) {
  Probe probe(&now);
  uint64_t far = now + (uint64_t{3} << 32) + 12345;
  wheel.arm(probe, far);
  while (probe.fired_at == 0 && wheel.next() != TimerWheel::kNever) { to(wheel.next()); }
  EXPECT_EQ(probe.fired_at, far);
}

// What a sleeper relies on: nobody is due before next(), and whoever sleeps until next() misses none.
TEST_F(TimerWheelTest, NextIsNeverTooLate) {
  std::mt19937 random(7);
  std::vector<std::unique_ptr<Probe>> probes;
  std::multimap<uint64_t, Probe*> due;
  for (int i = 0; i < 2000; ++i) {
    probes.push_back(std::make_unique<Probe>(&now));
    uint64_t deadline = now + 1 + random() % (i % 3 == 0 ? 300 : i % 3 == 1 ? 70'000 : 20'000'000);
    wheel.arm(*probes.back(), deadline);
    due.emplace(deadline, probes.back().get());
  }
  while (!due.empty()) {
    ASSERT_LE(wheel.next(), due.begin()->first);
    to(wheel.next());
    while (!due.empty() && due.begin()->first <= now) {
      ASSERT_EQ(due.begin()->second->fired_at, due.begin()->first);
      due.erase(due.begin());
    }
  }
}

// One that arms itself from within.
struct Again final : Timer {
  explicit Again(TimerWheel& wheel) : wheel(wheel) {}
  void expired() override {
    if (++times < 5) { wheel.arm(*this, deadline() + 10); }
  }
  TimerWheel& wheel;
  int times = 0;
};

TEST_F(TimerWheelTest, MayBeArmedWhileFiring) {
  Again again(wheel);
  wheel.arm(again, 1010);
  to(5000);
  EXPECT_EQ(again.times, 5);
}

}  // namespace
}  // namespace sluice::event
