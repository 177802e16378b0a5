#include "http/uri.h"

#include <benchmark/benchmark.h>

namespace sluice::http {
namespace {

void normalise_one(benchmark::State& state, string_view raw) {
  for (auto _ : state) {
    Arena arena;
    NormalPath out;
    benchmark::DoNotOptimize(normalise(arena, raw, true, out));
    benchmark::DoNotOptimize(out.path.data());
  }
}
BENCHMARK_CAPTURE(normalise_one, plain, "/static/css/site.css");
BENCHMARK_CAPTURE(normalise_one, query, "/search/results?q=reverse+proxy&page=2&lang=en&sort=date");
BENCHMARK_CAPTURE(normalise_one, escaped, "/caf%C3%A9/menu%20of%20today.html");
BENCHMARK_CAPTURE(normalise_one, dots, "/a/b/../c/./d//e.html");

void escape_one(benchmark::State& state, string_view text) {
  for (auto _ : state) {
    Arena arena;
    benchmark::DoNotOptimize(escape_uri(arena, text).data());
  }
}
BENCHMARK_CAPTURE(escape_one, plain, "/static/css/site.css");
BENCHMARK_CAPTURE(escape_one, blanks, "/menu of today.html");

}  // namespace
}  // namespace sluice::http
