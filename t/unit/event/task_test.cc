// The laws of coroutines: who runs when, and that nothing leaks however they end. Run under ASan by "make
// sanitize".
#include "event/task.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "event/wait.h"

namespace sluice::event {
namespace {

struct Guard {
  explicit Guard(int& count) : count(++count) {}
  ~Guard() { --count; }
  int& count;
};

struct TaskTest : testing::Test {
  void turn() { loop.turn(0); }
  Loop& loop = Loop::current();
  uint64_t frames_before = FrameCounter::live;
  Scope scope;
  Ready first, second;
  int alive = 0;  // objects in frames
  std::string log;
  Nursery nursery;

  Task<Wake> step(Ready& ready, uint64_t deadline) {
    Guard guard(alive);
    Wake woken = co_await wait(scope, deadline, ready);
    co_return woken;
  }

  Task<void> two_steps() {
    Guard guard(alive);
    log += "begin ";
    Wake woken = co_await step(first, kNoDeadline);
    log += woken == Wake::ready ? "first " : "canceled ";
    if (woken != Wake::ready) { co_return; }
    woken = co_await step(second, kNoDeadline);
    log += woken == Wake::ready ? "second " : "canceled ";
  }

  Task<void> together() {
    Guard guard(alive);
    std::pair<Wake, Wake> both_woken = co_await both(step(first, kNoDeadline), step(second, kNoDeadline));
    log += both_woken.first == Wake::ready && both_woken.second == Wake::ready ? "both" : "not both";
  }

  void TearDown() override {
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(FrameCounter::live, frames_before);
  }
};

TEST_F(TaskTest, StartsAtOnce) {
  nursery.adopt(two_steps());
  EXPECT_EQ(log, "begin ");
  EXPECT_FALSE(nursery.empty());
  scope.cancel(What::canceled);
  turn();
  EXPECT_TRUE(nursery.empty());
}

TEST_F(TaskTest, WakesThroughTheQueueOnly) {
  nursery.adopt(two_steps());
  first.set();
  EXPECT_EQ(log, "begin ") << "whoever sets must not run the waiter";
  turn();
  EXPECT_EQ(log, "begin first ");
  second.set();
  turn();
  EXPECT_EQ(log, "begin first second ");
  EXPECT_TRUE(nursery.empty());
}

TEST_F(TaskTest, WhatIsSetAlreadyIsNotWaitedFor) {
  first.set();
  second.set();
  nursery.adopt(two_steps());
  EXPECT_EQ(log, "begin first second ");
  EXPECT_TRUE(nursery.empty());
}

TEST_F(TaskTest, CancelingUnwindsFromTheFirstAwait) {
  nursery.adopt(two_steps());
  scope.cancel(What::closed);
  EXPECT_GT(alive, 0) << "not from inside cancel()";
  turn();
  EXPECT_EQ(log, "begin canceled ");
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(scope.why(), What::closed);
  log.clear();
  nursery.adopt(two_steps());
  EXPECT_EQ(log, "begin canceled ") << "later waits end at once";
}

TEST_F(TaskTest, CancelingUnwindsFromTheSecondAwait) {
  nursery.adopt(two_steps());
  first.set();
  turn();
  scope.cancel(What::closed);
  turn();
  EXPECT_EQ(log, "begin first canceled ");
  EXPECT_EQ(alive, 0);
}

TEST_F(TaskTest, AChildScopeEndsWithItsParent) {
  Scope child(scope);
  scope.cancel(What::reset);
  EXPECT_TRUE(child.canceled());
  EXPECT_EQ(child.why(), What::reset);
  Scope late(scope);
  EXPECT_TRUE(late.canceled());
}

TEST_F(TaskTest, DestroyingSuspendedFramesLeaksNothing) {
  for (int steps = 0; steps < 2; ++steps) {
    Nursery own;
    own.adopt(two_steps());
    if (steps == 1) {
      first.set();
      turn();
    }
    EXPECT_EQ(alive, 2);
  }
  EXPECT_FALSE(first.waited_for());
  EXPECT_FALSE(second.waited_for());
}

TEST_F(TaskTest, DestroyedAfterBeingWokenIsNotResumed) {
  {
    Nursery own;
    own.adopt(two_steps());
    first.set();
  }
  turn();
  EXPECT_EQ(log, "begin ");
}

TEST_F(TaskTest, ADeadlineEndsAWait) {
  Wake woken = Wake::ready;
  struct Run {
    static Task<void> it(TaskTest& test, Wake& out) {
      out = co_await test.step(test.first, clock::now() + 5);
    }
  };
  nursery.adopt(Run::it(*this, woken));
  for (int i = 0; i < 100 && !nursery.empty(); ++i) { loop.turn(5); }
  EXPECT_EQ(woken, Wake::timeout);
}

TEST_F(TaskTest, BothWaitForBoth) {
  nursery.adopt(together());
  second.set();
  turn();
  EXPECT_EQ(log, "");
  first.set();
  turn();
  EXPECT_EQ(log, "both");
  EXPECT_TRUE(nursery.empty());
}

TEST_F(TaskTest, BothMayBeDoneAlready) {
  first.set();
  nursery.adopt(together());
  EXPECT_EQ(log, "");
  second.set();
  turn();
  EXPECT_EQ(log, "both");
}

TEST_F(TaskTest, BothAreCanceledTogether) {
  nursery.adopt(together());
  scope.cancel(What::closed);
  turn();
  EXPECT_EQ(log, "not both");
}

TEST_F(TaskTest, BothDestroyedWhileSuspended) {
  {
    Nursery own;
    own.adopt(together());
    EXPECT_EQ(alive, 3);
  }
  EXPECT_EQ(alive, 0);
}

TEST_F(TaskTest, SaysWhereItWaits) {
  nursery.adopt(two_steps());
  std::vector<std::string> where;
  scope.each_wait([&](const std::source_location& at, uint64_t) { where.push_back(at.function_name()); });
  ASSERT_EQ(where.size(), 1u);
  EXPECT_NE(where[0].find("step"), std::string::npos);
  scope.cancel(What::canceled);
  turn();
}

}  // namespace
}  // namespace sluice::event
