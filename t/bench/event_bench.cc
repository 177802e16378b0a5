#include <benchmark/benchmark.h>

#include "base/clock.h"
#include "event/loop.h"
#include "event/task.h"
#include "event/wait.h"

namespace sluice::event {
namespace {

struct Silent final : Timer {
  void expired() override {}
};

// What every request does to its connection's deadline, among many that stay.
void rearm(benchmark::State& state) {
  TimerWheel wheel(0);
  std::vector<Silent> others(static_cast<size_t>(state.range(0)));
  for (size_t i = 0; i < others.size(); ++i) { wheel.arm(others[i], 60'000 + i * 7 % 15'000); }
  Silent timer;
  uint64_t deadline = 0;
  for (auto _ : state) { wheel.arm(timer, 1 + deadline++ % 60'000); }
}
BENCHMARK(rearm)->Arg(0)->Arg(10'000);

void advance(benchmark::State& state) {
  TimerWheel wheel(0);
  Silent timer;
  uint64_t now = 0;
  for (auto _ : state) {
    wheel.arm(timer, now + 3);
    wheel.advance(now += 5);
  }
}
BENCHMARK(advance);

Task<int> leaf(int value) { co_return value; }
Task<int> three_deep(int value) {
  int got = co_await leaf(value);
  co_return got + 1;
}
Task<void> caller(int& sum) { sum += co_await three_deep(1); }

void task(benchmark::State& state) {
  Nursery nursery;
  int sum = 0;
  for (auto _ : state) { nursery.adopt(caller(sum)); }
  benchmark::DoNotOptimize(sum);
}
BENCHMARK(task);

Task<void> follow(Scope& scope, Ready& ready, uint64_t& woken) {
  while (true) {
    Wake wake = co_await wait(scope, clock::now() + 60'000, ready);
    if (wake != Wake::ready) { co_return; }
    ready.clear();
    ++woken;
  }
}

// A wait with a deadline, and being woken through the run queue; one look at epoll included.
void wake(benchmark::State& state) {
  Loop& loop = Loop::current();
  Scope scope;
  Ready ready;
  uint64_t woken = 0;
  Nursery nursery;
  nursery.adopt(follow(scope, ready, woken));
  for (auto _ : state) {
    ready.set();
    loop.turn(0);
  }
  scope.cancel(What::canceled);
  loop.turn(0);
  if (woken != static_cast<uint64_t>(state.iterations())) { state.SkipWithError("a wake was lost"); }
}
BENCHMARK(wake);

}  // namespace
}  // namespace sluice::event
