#include <benchmark/benchmark.h>

#include "conf/build.h"
#include "conf/expression.h"

namespace sluice::conf {
namespace {

Value get_short(Evaluation&, const Variable&) { return {"203.0.113.7"}; }
const VariableRow rows[] = {{Realm::http, "bench_value", get_short, "A value."}};
const Variables registered(rows);

struct Subject : Evaluation {
  Subject(Arena& arena, const VariableTable& table) : Evaluation(arena, table) {}
};

// As "X-Forwarded-For $proxy_add_x_forwarded_for" and the like are, once per request each.
void evaluate(benchmark::State& state, const char* text) {
  Config config;
  Diagnostics diagnostics;
  Build build(config, diagnostics);
  Expression expression = Expression::compile(build, Realm::http, Word{text, {}, 1, false});
  config.http_variables.resolve(diagnostics);
  if (diagnostics.failed()) { return state.SkipWithError("it does not compile"); }
  for (auto _ : state) {
    Arena arena;
    Subject subject(arena, config.http_variables);
    benchmark::DoNotOptimize(expression.evaluate(subject));
  }
}
BENCHMARK_CAPTURE(evaluate, constant, "https://www.example.com/");
BENCHMARK_CAPTURE(evaluate, one_variable, "$bench_value");
BENCHMARK_CAPTURE(evaluate, three_of_each, "for=$bench_value;by=${bench_value};host=$bench_value");

}  // namespace
}  // namespace sluice::conf
