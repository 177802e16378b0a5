// `early_hints`: which interim answers of an origin a client gets.
#include <algorithm>
#include <vector>

#include "conf/build.h"
#include "conf/expression.h"
#include "http/content/proxy.h"

namespace sluice::http {

namespace {

constexpr uint16_t kContinue = 100, kEarlyHints = 103;

struct EarlyHintsSettings {
  std::vector<conf::Expression> conditions;  // none: always
};

void set_conditions(conf::Build& build, conf::Scope& scope, const conf::Node& node, const conf::Row&) {
  auto& conditions = scope.own<EarlyHintsSettings>().conditions;
  conditions.clear();
  for (size_t i = 0; i < node.argument_count(); ++i) {
    conditions.push_back(conf::Expression::compile(build, conf::Realm::http, node.argument_word(i)));
  }
}

const conf::Module<EarlyHintsSettings> module(
    "http",
    {
        {"early_hints", conf::kHttpServerLocation, conf::arguments(1, conf::kAny), set_conditions, "string …",
         "When a server's 103 (Early Hints) is passed to the client: if at least one of these is neither "
         "empty nor 0. They may contain variables. Without this directive it is always passed.",
         ""},
    });

}  // namespace

bool passes_interim(Request& request, uint16_t status) {
  // Whoever waits for a 100 got it from here.
  if (status == kContinue) { return false; }
  const auto& conditions = request.settings<EarlyHintsSettings>().conditions;
  if (status != kEarlyHints || conditions.empty()) { return true; }
  return std::any_of(conditions.begin(), conditions.end(), [&](const conf::Expression& condition) {
    string_view value = condition.evaluate(request);
    return !value.empty() && value != "0";
  });
}

}  // namespace sluice::http
