#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "http/vars/geo_table.h"

namespace sluice::http {
namespace {

// Networks of 16 to 24 bits (of 32 to 48 in IPv6), as registries give them out, two to a country.
GeoTable table_of(size_t count, bool v6, std::mt19937& random) {
  GeoTable table;
  for (size_t i = 0; i < count; ++i) {
    std::string text = std::to_string(i >> 8 & 0xff) + "." + std::to_string(i & 0xff);
    text = std::to_string(1 + (i >> 16)) + "." + text + ".0/" + std::to_string(20 + random() % 5);
    if (v6) {
      char v6_text[64];
      snprintf(v6_text, sizeof v6_text, "2001:%zx:%zx::/48", i >> 12, i & 0xfff);
      text = v6_text;
    }
    table.add(*net::Network::parse(text), std::to_string(random() % 200));
  }
  table.finish();
  return table;
}

void find_network(benchmark::State& state, bool v6) {
  std::mt19937 random(1);
  auto count = static_cast<size_t>(state.range(0));
  GeoTable table = table_of(count, v6, random);
  std::vector<IpNumber> addresses;
  for (size_t i = 0; i < 4096; ++i) {
    uint64_t at = random() % count;
    addresses.push_back(
        v6 ? IpNumber{true, (0x2001ull << 48) + ((at >> 12) << 32) + ((at & 0xfff) << 16), random()}
           : IpNumber{false, 0, (1ull << 24) + (at << 8) + random() % 256});
  }
  size_t next = 0;
  for (auto _ : state) { benchmark::DoNotOptimize(table.find(addresses[next++ % 4096])); }
  state.counters["bytes_each"] = static_cast<double>(table.footprint()) / static_cast<double>(count);
}
BENCHMARK_CAPTURE(find_network, v4, false)->Arg(10)->Arg(1000)->Arg(100000);
BENCHMARK_CAPTURE(find_network, v6, true)->Arg(10)->Arg(1000)->Arg(100000);

void build_networks(benchmark::State& state) {
  std::mt19937 random(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(table_of(static_cast<size_t>(state.range(0)), false, random).footprint());
  }
}
BENCHMARK(build_networks)->Arg(100000)->Unit(benchmark::kMillisecond);

void parse_address(benchmark::State& state) {
  for (auto _ : state) { benchmark::DoNotOptimize(IpNumber::parse("203.0.113.77")); }
}
BENCHMARK(parse_address);

}  // namespace
}  // namespace sluice::http
