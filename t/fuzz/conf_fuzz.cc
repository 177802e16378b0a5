// Any text as a configuration: parse, build, resolve, render. Includes find nothing: their base is not there.
// sources: src/base/*.cc src/conf/*.cc
#include <string>

#include "conf/build.h"
#include "conf/expression.h"
#include "conf/parser.h"
#include "conf/print.h"
#include "conf/value.h"

namespace {

using namespace sluice;
using namespace sluice::conf;

struct Fuzzed {
  bool flag = false;
  Size size;
  Milliseconds time;
  Seconds seconds;
  uint64_t number = 0;
  std::string text;
};
struct FuzzedOnce {
  Expression expression;
};

void block(Build& build, Scope& scope, const Node& node, const Row& row) {
  Context context = row.name == "http" ? kHttp : row.name == "server" ? kServer : kLocation;
  Scope inner(build, context, &scope);
  build.children(inner, node);
}

void compile(Build& build, Scope& scope, const Node& node, const Row&) {
  scope.own<FuzzedOnce>().expression = Expression::compile(build, Realm::http, node.argument_word(0));
}

void define(Build& build, Scope&, const Node& node, const Row&) {
  if (build.config.http_variables.define(node.argument(0), no_value, nullptr, true) == nullptr) {
    build.error(node.argument_word(0), "built in");
  }
}

Value echo(Evaluation&, const Variable& variable) { return {variable.suffix}; }

const VariableRow rows[] = {{Realm::http, "host", echo, ""}, {Realm::http, "arg_", echo, "", true}};
const Variables variables(rows);

using Spec = Module<Fuzzed>::RowSpec;
using Once = Module<FuzzedOnce>::RowSpec;
const Module<Fuzzed> fuzzed(
    "fuzzed", {
                  {"flag", kHttpServerLocation, &Fuzzed::flag, "", ""},
                  {"size", kHttpServerLocation, &Fuzzed::size, "", ""},
                  {"time", kHttpServerLocation, &Fuzzed::time, "", ""},
                  {"seconds", kHttpServerLocation, &Fuzzed::seconds, "", ""},
                  {"number", kMain | kHttp, &Fuzzed::number, "", ""},
                  {"text", kHttpServerLocation, &Fuzzed::text, "", ""},
                  Spec{"http", kMain, arguments(0), block, "", ""}.structural(),
                  Spec{"server", kHttp, arguments(0), block, "", ""}.structural(),
                  Spec{"location", kServer | kLocation, arguments(1, 2), block, "", ""}.structural(),
              });
const Module<FuzzedOnce> once(
    "once",
    {
        Once{"return", kServer | kLocation, arguments(1, kAny), compile, "", ""}.repeating(),
        Once{"set", kServer | kLocation, arguments(2), define, "", ""}.repeating(),
    },
    Inherit::no);

struct Request : Evaluation {
  Request(Arena& arena, const VariableTable& table) : Evaluation(arena, table) {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  Diagnostics diagnostics;
  Tree tree;
  parse_text(tree, "fuzz.conf", text, {"/nonexistent/"}, diagnostics);
  Config config;
  Build build(config, diagnostics);
  build.run(tree);
  diagnostics.render();
  dump(tree);
  parse_size(text);
  parse_milliseconds(text);
  parse_seconds(text);
  parse_signed(text);
  if (!diagnostics.failed()) {
    Request request(config.arena, config.http_variables);
    config.main.get<FuzzedOnce>().expression.evaluate(request);
  }
  return 0;
}
