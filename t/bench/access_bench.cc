#include <benchmark/benchmark.h>

#include "http/access_table.h"

namespace sluice::http {
namespace {

// Networks of two widths, many of them inside others.
void find_rule(benchmark::State& state) {
  AccessTable table;
  auto count = static_cast<size_t>(state.range(0));
  uint32_t seed = 1;
  auto random = [&seed] { return seed = seed * 1664525 + 1013904223; };
  for (size_t i = 0; i < count; ++i) {
    uint64_t width = i % 16 == 0 ? 0xffff : 0xff;
    uint64_t first = random() & ~width;
    table.add({{false, 0, first}, {false, 0, first | width}},
              i % 3 == 0 ? AccessTable::Says::deny : AccessTable::Says::allow);
  }
  table.finish();
  for (auto _ : state) { benchmark::DoNotOptimize(table.find({false, 0, random()})); }
}
BENCHMARK(find_rule)->Arg(10)->Arg(10000)->Arg(100000);

}  // namespace
}  // namespace sluice::http
