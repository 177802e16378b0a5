#include <benchmark/benchmark.h>

#include "http/location_tree.h"

namespace sluice::http {
namespace {

struct Place {};

void find_prefix(benchmark::State& state) {
  Place place;
  LocationTree<Place> tree;
  size_t count = static_cast<size_t>(state.range(0));
  for (size_t i = 0; i < count; ++i) {
    tree.add_prefix("/service/" + std::to_string(i * 7919) + "/", &place);
  }
  tree.build();
  std::vector<std::string> paths;
  for (size_t i = 0; i < 1024; ++i) {
    paths.push_back("/service/" + std::to_string(i * 48271 % count * 7919) + "/index.html");
  }
  std::vector<std::string_view> captures;
  size_t next = 0;
  for (auto _ : state) { benchmark::DoNotOptimize(tree.find(paths[next++ % 1024], captures).location); }
  state.counters["bytes_each"] = static_cast<double>(tree.footprint()) / static_cast<double>(count);
}
BENCHMARK(find_prefix)->Arg(10)->Arg(10000)->Arg(50000);

void build_tree(benchmark::State& state) {
  Place place;
  for (auto _ : state) {
    LocationTree<Place> tree;
    for (int64_t i = 0; i < state.range(0); ++i) {
      tree.add_prefix("/service/" + std::to_string(i) + "/", &place);
    }
    tree.build();
    benchmark::DoNotOptimize(tree.footprint());
  }
}
BENCHMARK(build_tree)->Arg(50000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sluice::http
