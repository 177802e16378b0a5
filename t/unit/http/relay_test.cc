// Bodies between a source and a sink that do what a test says: order, bounds, files, rates, and every way it
// can end.
#include "http/relay.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <random>
#include <string>

namespace sluice::http {
namespace {

// Yields `left` bytes in pieces as far as it was given leave. Like a socket whose bytes were read into a
// buffer already, it is ready only when told so: who has not been sent away with Flow::again must ask, not
// wait.
struct FakeSource : Source {
  Flow pull(Chain& to, uint64_t room) override {
    if (failed.what != What::none) { return Flow::error; }
    ++pulls;
    if (left == 0) { return Flow::end; }
    uint64_t size = std::min({left, room, piece, leave});
    if (size == 0) {
      ready.clear();
      return Flow::again;
    }
    BufferRef buffer(Buffer::make(size));
    for (uint64_t i = 0; i < size; ++i) { buffer->data()[i] = static_cast<char>('a' + (made + i) % 26); }
    to.append(std::string_view(buffer->data(), size), buffer);
    made += size;
    left -= size;
    leave -= size;
    return left == 0 ? Flow::end : Flow::ok;
  }
  event::Ready& source_ready() override { return ready; }
  Error source_error() const override { return failed; }
  uint64_t source_patience() const override { return patience; }
  void source_timed_out() override { failed = {What::timeout, Side::upstream, Retry::no, 0, "late"}; }
  void allow(uint64_t bytes) {
    leave += bytes;
    ready.set();
  }

  uint64_t left = 0, made = 0, pulls = 0;
  uint64_t piece = 1000;
  uint64_t leave = UINT64_MAX / 2;
  uint64_t patience = event::kNoDeadline;
  Error failed;
  event::Ready ready;
};

// Takes `room` bytes; keeps the rest.
struct FakeSink : Sink {
  Flow push(Chain& from, bool last) override {
    if (failed.what != What::none) { return Flow::error; }
    EXPECT_FALSE(ended && !from.empty()) << "bytes behind the last";
    EXPECT_FALSE(ended && last) << "said twice";
    out.append(std::move(from));
    ended = ended || last;
    drain();
    most_held = std::max(most_held, memory());
    if (!out.empty()) {
      ready.clear();
      return Flow::again;
    }
    return ended ? Flow::end : Flow::ok;
  }
  void drain() {
    while (!out.empty() && room > 0) {
      const Slice& slice = out.front();
      uint64_t size = std::min(slice.size, room);
      std::string bytes(size, '\0');
      if (slice.in_file()) {
        ASSERT_EQ(pread(slice.fd, bytes.data(), size, slice.offset), static_cast<ssize_t>(size));
        from_file += size;
      } else {
        bytes.assign(slice.data, size);
      }
      text += bytes;
      room -= size;
      out.consume(size);
    }
  }
  uint64_t memory() const {
    uint64_t total = 0;
    for (size_t i = 0; i < out.slices(); ++i) { total += out.at(i).in_file() ? 0 : out.at(i).size; }
    return total;
  }
  uint64_t unsent() const override { return out.size(); }
  int64_t delivered() override { return static_cast<int64_t>(text.size() + acknowledged); }
  event::Ready& sink_ready() override { return ready; }
  Error sink_error() const override { return failed; }
  uint64_t sink_patience() const override { return patience; }
  void sink_timed_out() override { failed = {What::timeout, Side::client, Retry::no, 0, "late"}; }
  void allow(uint64_t bytes) {
    room += bytes;
    ready.set();
  }

  Chain out;
  std::string text;
  uint64_t room = UINT64_MAX / 2;
  uint64_t from_file = 0, most_held = 0, acknowledged = 0;
  uint64_t patience = event::kNoDeadline;
  bool ended = false;
  Error failed;
  event::Ready ready;
};

std::string letters(uint64_t size) {
  std::string text;
  for (uint64_t i = 0; i < size; ++i) { text += static_cast<char>('a' + i % 26); }
  return text;
}

struct RelayTest : testing::Test {
  RelayTest() {
    plan.source = &source;
    plan.sink = &sink;
  }
  void start() { nursery.adopt(run_in(scope)); }
  event::Task<void> run_in(event::Scope& where) {
    result = co_await relay(where, plan);
    done = true;
  }
  void turn() { loop.turn(0); }
  // Turns until it is done, or time is up.
  void finish(int most_ms = 3000) {
    uint64_t end = clock::now() + static_cast<uint64_t>(most_ms);
    while (!done && clock::now() < end) { loop.turn(5); }
  }
  void TearDown() override {
    EXPECT_TRUE(nursery.empty());
    EXPECT_EQ(event::FrameCounter::live, frames);
  }

  event::Loop& loop = event::Loop::current();
  uint64_t frames = event::FrameCounter::live;
  FakeSource source;
  FakeSink sink;
  RelayPlan plan;
  event::Scope scope;
  Result<void> result;
  bool done = false;
  std::string folder = testing::TempDir();
  event::Nursery nursery;
};

TEST_F(RelayTest, MovesEverythingInOrder) {
  source.left = 100'000;
  std::string before = "before";
  Chain first;
  first.append(before);
  plan.first = &first;
  start();
  EXPECT_TRUE(done && result);
  EXPECT_TRUE(sink.text == before + letters(100'000));
  EXPECT_TRUE(sink.ended);
}

TEST_F(RelayTest, AnEmptyBodyEnds) {
  plan.source = nullptr;
  start();
  EXPECT_TRUE(done && result && sink.ended);
}

// A body that comes without end, in or out, must not keep the loop.
TEST_F(RelayTest, OthersHaveTheirTurn) {
  source.left = 20 << 20;
  source.piece = 64 << 10;
  start();
  EXPECT_FALSE(done);
  finish();
  EXPECT_EQ(sink.text.size(), size_t{20} << 20);
}

TEST_F(RelayTest, OthersHaveTheirTurnWhileAFileIsWritten) {
  source.left = 20 << 20;
  source.piece = 64 << 10;
  sink.room = 0;
  plan.spill_limit = 1 << 30;
  plan.spill_path = &folder;
  start();
  EXPECT_LE(source.made, uint64_t{5} << 20);
  sink.allow(20 << 20);
  finish();
  EXPECT_TRUE(sink.text == letters(20 << 20));
}

// The sink takes all at once when the source was last not even asked: that is no reason to wait for it.
TEST_F(RelayTest, WhatTheSourceHoldsIsAskedFor) {
  source.left = 3000;
  sink.room = 0;
  plan.buffer_limit = 1000;
  start();
  sink.allow(1 << 20);
  turn();
  EXPECT_TRUE(done);
  EXPECT_TRUE(sink.text == letters(3000));
}

TEST_F(RelayTest, ASlowSinkHoldsTheSourceBack) {
  source.left = 1 << 20;
  sink.room = 0;
  plan.buffer_limit = 10'000;
  start();
  EXPECT_LE(source.made, 22'000u);
  for (int i = 0; i < 300 && !done; ++i) {
    sink.allow(5000);
    turn();
    ASSERT_LE(sink.most_held, 22'000u);
  }
  EXPECT_TRUE(sink.text == letters(1 << 20));
}

TEST_F(RelayTest, AFileStandsBetweenWhenItMay) {
  source.left = 1 << 20;
  sink.room = 0;
  plan.buffer_limit = 10'000;
  plan.spill_limit = 1 << 30;
  plan.spill_path = &folder;
  start();
  EXPECT_EQ(source.left, 0u);
  sink.allow(2 << 20);
  finish();
  EXPECT_TRUE(sink.text == letters(1 << 20));
  EXPECT_GT(sink.from_file, 900'000u);
}

TEST_F(RelayTest, MemoryStaysBoundedOnceTheFileIsFullOrDrained) {
  source.left = 4 << 20;
  sink.room = 0;
  plan.buffer_limit = 10'000;
  plan.spill_limit = 300'000;
  plan.spill_path = &folder;
  start();
  EXPECT_LE(source.made, 330'000u);
  for (int i = 0; i < 60 && !done; ++i) {
    sink.allow(100'000);
    turn();
    ASSERT_LE(sink.most_held, 22'000u);
  }
  EXPECT_TRUE(sink.text == letters(4 << 20));
}

TEST_F(RelayTest, GoesOnWithoutADisk) {
  folder = "/nonexistent/folder";
  source.left = 1 << 20;
  sink.room = 0;
  plan.buffer_limit = 10'000;
  plan.spill_limit = 1 << 30;
  plan.spill_path = &folder;
  start();
  EXPECT_LE(source.made, 40'000u);
  sink.allow(2 << 20);
  finish();
  EXPECT_TRUE(result);
  EXPECT_TRUE(sink.text == letters(1 << 20));
}

TEST_F(RelayTest, ARateNeedsItsTime) {
  plan.source = nullptr;
  std::string text = letters(1500);
  Chain first;
  first.append(text);
  plan.first = &first;
  plan.rate = 1000;
  start();
  EXPECT_EQ(sink.text.size(), 1000u);
  uint64_t begin = clock::now();
  finish();
  EXPECT_TRUE(sink.text == text);
  EXPECT_GE(clock::now() - begin, 400u);
}

// What a rate holds back goes to the file too: it is no reason to keep a body in memory.
TEST_F(RelayTest, ARateKeepsMemoryBounded) {
  source.left = 3 << 20;
  plan.buffer_limit = 10'000;
  plan.spill_limit = 1 << 30;
  plan.spill_path = &folder;
  plan.rate = 1 << 20;
  plan.rate_after = 1 << 20;
  start();
  EXPECT_EQ(sink.text.size(), size_t{2} << 20);
  turn();
  EXPECT_EQ(source.left, 0u);
  finish();
  EXPECT_TRUE(sink.text == letters(3 << 20));
  EXPECT_GT(sink.from_file, 900'000u);
}

TEST_F(RelayTest, ARateWithoutAFileHoldsTheSourceBack) {
  source.left = 1 << 20;
  plan.buffer_limit = 10'000;
  plan.rate = 1000;
  start();
  EXPECT_LE(source.made, 13'000u);
  scope.cancel(What::closed);
  turn();
}

TEST_F(RelayTest, ARateBeyondReasonIsNone) {
  source.left = 1 << 20;
  plan.rate = uint64_t{1} << 61;
  start();
  EXPECT_TRUE(done && result);
  EXPECT_TRUE(sink.text == letters(1 << 20));
}

TEST_F(RelayTest, ASourceThatIsLate) {
  source.left = 1000;
  source.leave = 10;
  source.patience = 30;
  start();
  EXPECT_FALSE(done);
  finish();
  EXPECT_EQ(result.error().what, What::timeout);
  EXPECT_EQ(result.error().side, Side::upstream);
  EXPECT_TRUE(sink.text == letters(10));
  EXPECT_FALSE(sink.ended);
}

TEST_F(RelayTest, AnErrorOfTheSourceIsTold) {
  source.left = 1000;
  source.leave = 10;
  start();
  source.failed = {What::reset, Side::upstream, Retry::no, 0, "gone"};
  source.allow(0);
  turn();
  EXPECT_TRUE(done);
  EXPECT_EQ(result.error().what, What::reset);
  EXPECT_EQ(result.error().side, Side::upstream);
  EXPECT_TRUE(sink.text == letters(10));
  EXPECT_FALSE(sink.ended);
}

TEST_F(RelayTest, AnErrorOfTheSinkIsTold) {
  source.left = 1000;
  sink.room = 10;
  start();
  sink.failed = {What::reset, Side::client, Retry::no, 0, "gone"};
  sink.allow(0);
  turn();
  EXPECT_TRUE(done);
  EXPECT_EQ(result.error().what, What::reset);
  EXPECT_EQ(result.error().side, Side::client);
}

TEST_F(RelayTest, AnErrorAtOnceIsTold) {
  source.left = 1;
  source.failed = {What::reset, Side::upstream, Retry::no, 0, "gone"};
  start();
  EXPECT_TRUE(done && !result);
}

TEST_F(RelayTest, AMovingSourceIsNotLate) {
  source.left = 8;
  source.leave = 0;
  source.patience = 60;
  start();
  for (int i = 0; i < 8; ++i) {
    uint64_t until = clock::now() + 30;
    while (clock::now() < until) { loop.turn(5); }
    source.allow(1);
  }
  finish();
  EXPECT_TRUE(result);
}

TEST_F(RelayTest, ASinkThatIsStuck) {
  source.left = 1 << 20;
  sink.room = 10;
  sink.patience = 40;
  uint64_t begin = clock::now();
  start();
  finish();
  EXPECT_EQ(result.error().side, Side::client);
  EXPECT_EQ(result.error().what, What::timeout);
  EXPECT_LT(clock::now() - begin, 1000u);
}

TEST_F(RelayTest, ASinkThatReadsWithoutMakingRoomIsNotStuck) {
  source.left = 100'000;
  sink.room = 10;
  sink.patience = 60;
  start();
  for (int i = 0; i < 10; ++i) {
    uint64_t until = clock::now() + 30;
    while (clock::now() < until) { loop.turn(5); }
    ++sink.acknowledged;
  }
  EXPECT_FALSE(done);
  sink.allow(1 << 20);
  finish();
  EXPECT_TRUE(result);
}

// Says each byte twice, and keeps one byte back until the end.
struct Twice final : BodyFilter {
  bool push(Chain& in, bool last, Chain& out) override {
    if (broken) { return false; }
    for (size_t i = 0; i < in.slices(); ++i) { held.append(in.at(i).data, in.at(i).size); }
    in.clear();
    size_t size = last ? held.size() : std::max<size_t>(held.size(), 1) - 1;
    if (size > 0) {
      BufferRef buffer(Buffer::make(2 * size));
      for (size_t i = 0; i < size; ++i) { buffer->data()[2 * i] = buffer->data()[2 * i + 1] = held[i]; }
      out.append(std::string_view(buffer->data(), 2 * size), buffer);
    }
    held.erase(0, size);
    ends += last ? 1 : 0;
    return true;
  }
  std::string held;
  int ends = 0;
  bool broken = false;
};

std::string twice(const std::string& text) {
  std::string result;
  for (char c : text) { result.append(2, c); }
  return result;
}

TEST_F(RelayTest, AFilterSeesEverythingOnceAndTheEnd) {
  Twice filter, second;
  filter.next = &second;
  std::string before = "before";
  Chain first;
  first.append(before);
  plan.first = &first;
  plan.filters = &filter;
  source.left = 10'000;
  source.leave = 10'000 - 1;
  start();
  EXPECT_EQ(filter.ends, 0);
  source.allow(1);
  finish();
  EXPECT_TRUE(result);
  EXPECT_TRUE(sink.text == twice(twice(before + letters(10'000))));
  EXPECT_EQ(filter.ends, 1);
  EXPECT_EQ(second.ends, 1);
}

TEST_F(RelayTest, AFilterThatFailsEndsIt) {
  Twice filter;
  filter.broken = true;
  plan.filters = &filter;
  source.left = 10;
  start();
  EXPECT_TRUE(done && !result);
  EXPECT_EQ(result.error().what, What::internal);
  EXPECT_FALSE(sink.ended);
}

// Whatever the sizes and whoever is slow: the bytes arrive once and in order, and memory is bounded.
TEST_F(RelayTest, RandomPacesAgainstAModel) {
  std::mt19937 random(20240607);
  auto up_to = [&random](uint64_t most) { return random() % (most + 1); };
  for (int round = 0; round < 300; ++round) {
    FakeSource from;
    FakeSink to;
    std::string before = letters(up_to(3000));
    Chain first;
    first.append(before);
    plan = RelayPlan{};
    plan.first = &first;
    plan.source = &from;
    plan.sink = &to;
    plan.buffer_limit = 500 + up_to(20'000);
    plan.spill_limit = up_to(2) * up_to(60'000);
    plan.spill_path = up_to(1) == 0 ? &folder : nullptr;
    uint64_t counted = 0;
    plan.moved = &counted;
    uint64_t size = up_to(200'000);
    from.left = size;
    from.piece = 1 + up_to(9000);
    from.leave = 0;
    to.room = up_to(5000);
    done = false;
    start();
    for (int step = 0; step < 2000 && !done; ++step) {
      if (up_to(1) == 0) { from.allow(up_to(20'000)); }
      if (up_to(1) == 0) { to.allow(up_to(20'000)); }
      turn();
      ASSERT_LE(to.most_held, before.size() + 2 * plan.buffer_limit + 10'000);
      ASSERT_EQ(to.ended && from.left > 0, false);
    }
    ASSERT_TRUE(done && result) << "round " << round;
    ASSERT_TRUE(to.text == before + letters(size)) << "round " << round;
    ASSERT_EQ(counted, before.size() + size);
    ASSERT_TRUE(to.ended);
  }
}

// Cancelled at each wait in turn, it unwinds at once and leaves nothing.
TEST_F(RelayTest, CanceledAtEveryWait) {
  for (int at = 0; at < 30; ++at) {
    FakeSource from;
    FakeSink to;
    from.left = 100'000;
    from.leave = 0;
    to.room = 0;
    plan.source = &from;
    plan.sink = &to;
    plan.buffer_limit = 5000;
    plan.spill_limit = at % 2 == 0 ? 0 : 20'000;
    plan.spill_path = &folder;
    done = false;
    event::Scope inner(scope);
    nursery.adopt(run_in(inner));
    for (int step = 0; step < at; ++step) {
      step % 3 == 2 ? to.allow(4000) : from.allow(3000);
      turn();
    }
    ASSERT_FALSE(done);
    inner.cancel(What::closed);
    turn();
    ASSERT_TRUE(done);
    ASSERT_EQ(result.error().what, What::closed);
    ASSERT_FALSE(to.ended);
  }
}

}  // namespace
}  // namespace sluice::http
