#include <benchmark/benchmark.h>

#include "http/server_names.h"

namespace sluice::http {
namespace {

struct Site {};

void find_host(benchmark::State& state, string_view before, bool wildcard) {
  Site site;
  ServerNames<Site> names;
  size_t count = static_cast<size_t>(state.range(0));
  for (size_t i = 0; i < count; ++i) {
    names.add((wildcard ? "*.host" : "host") + std::to_string(i) + ".example.com", &site);
  }
  names.finish();
  std::vector<std::string> hosts;
  for (size_t i = 0; i < 1024; ++i) {
    hosts.push_back(std::string(before) + "host" + std::to_string(i * 48271 % count) + ".example.com:8080");
  }
  std::vector<string_view> captures;
  Arena arena;
  size_t next = 0;
  for (auto _ : state) { benchmark::DoNotOptimize(names.find(hosts[next++ % 1024], arena, captures).server); }
  state.counters["bytes_each"] = static_cast<double>(names.footprint()) / static_cast<double>(count);
}
BENCHMARK_CAPTURE(find_host, exact, "", false)->Arg(10)->Arg(10000)->Arg(50000);
BENCHMARK_CAPTURE(find_host, wildcard, "www.", true)->Arg(10)->Arg(10000)->Arg(50000);
BENCHMARK_CAPTURE(find_host, unknown, "www.", false)->Arg(10)->Arg(10000)->Arg(50000);

}  // namespace
}  // namespace sluice::http
