#include <benchmark/benchmark.h>

#include <vector>

#include "conf/build.h"
#include "http/vars/map_table.h"

namespace sluice::http {
namespace {

struct Subject : conf::Evaluation {
  Subject(Arena& arena, const conf::VariableTable& table) : Evaluation(arena, table) {}
};

std::string key(size_t i) { return "/Products/item-" + std::to_string(i) + "/details"; }

MapTable table_of(size_t count) {
  MapTable table(false);
  for (size_t i = 0; i < count; ++i) {
    table.add(key(i), conf::Expression::literal("backend-" + std::to_string(i % 100)));
  }
  table.finish();
  return table;
}

void find_in_map(benchmark::State& state) {
  auto count = static_cast<size_t>(state.range(0));
  MapTable table = table_of(count);
  std::vector<std::string> keys;
  for (size_t i = 0; i < 1024; ++i) { keys.push_back(key(i * 48271 % count)); }
  conf::Config config;
  Arena arena;
  Subject subject(arena, config.http_variables);
  size_t next = 0;
  for (auto _ : state) { benchmark::DoNotOptimize(table.find(subject, keys[next++ % 1024])); }
  state.counters["bytes_each"] = static_cast<double>(table.footprint()) / static_cast<double>(count);
}
BENCHMARK(find_in_map)->Arg(10)->Arg(1000)->Arg(100000);

void build_map(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(table_of(static_cast<size_t>(state.range(0))).footprint());
  }
}
BENCHMARK(build_map)->Arg(100000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sluice::http
