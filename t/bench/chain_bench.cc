#include <benchmark/benchmark.h>

#include "base/arena.h"
#include "base/chain.h"

namespace sluice {
namespace {

// A request's arena: a few small pieces, then all of it back.
void arena(benchmark::State& state) {
  for (auto _ : state) {
    Arena arena;
    for (int i = 0; i < 16; ++i) { benchmark::DoNotOptimize(arena.allocate(48)); }
  }
}
BENCHMARK(arena);

void buffer(benchmark::State& state) {
  for (auto _ : state) {
    BufferRef buffer(Buffer::make(static_cast<size_t>(state.range(0))));
    benchmark::DoNotOptimize(buffer->data());
  }
}
BENCHMARK(buffer)->Arg(4000)->Arg(65000);

// A body on its way: head and a piece of a buffer, written in two goes.
void chain(benchmark::State& state) {
  BufferRef buffer(Buffer::make(4000));
  for (auto _ : state) {
    Chain chain;
    chain.append("HTTP/1.1 200 OK\r\n\r\n");
    chain.append({buffer->data(), 1000}, buffer);
    iovec vectors[8];
    benchmark::DoNotOptimize(chain.iovecs(vectors, 8));
    chain.consume(500);
    chain.consume(519);
  }
}
BENCHMARK(chain);

void chain_of_many(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    Chain from, to;
    for (size_t i = 0; i < count; ++i) { from.append("0123456789abcdef"); }
    while (!from.empty()) { from.move_to(to, 24); }
    benchmark::DoNotOptimize(to.size());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * count));
}
BENCHMARK(chain_of_many)->Arg(4)->Arg(256);

}  // namespace
}  // namespace sluice
