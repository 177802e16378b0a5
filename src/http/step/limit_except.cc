// `limit_except`: settings for all methods but some.
#include <algorithm>

#include "base/text.h"
#include "http/request.h"
#include "http/servers.h"

namespace sluice::http {

namespace {

using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

// Of one location alone.
struct LimitExceptSettings {
  std::vector<Method> allowed;
  const Location* location = nullptr;  // for the other methods
};

bool read_methods(Build& build, const Node& node, std::vector<Method>& methods) {
  for (size_t i = 0; i < node.argument_count(); ++i) {
    std::string name = node.argument(i);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    Method method = parse_method(name);
    if (method == Method::unknown || method == Method::trace || method == Method::connect) {
      build.error(node.argument_word(i), "invalid method \"" + node.argument(i) + "\"");
      return false;
    }
    methods.push_back(method);
    if (method == Method::get) { methods.push_back(Method::head); }
  }
  return true;
}

void set_limit_except(Build& build, Scope& scope, const Node& node, const Row&) {
  auto& settings = scope.own<LimitExceptSettings>();
  if (!read_methods(build, node, settings.allowed)) { return; }
  Scope inner(build, conf::kLimitExcept, &scope);
  Location& location = begin_unnamed(inner, scope, node);
  build.children(inner, node);
  settle_unnamed(inner, scope, location);
  settings.location = &location;
}

const conf::Module<LimitExceptSettings> module(
    "http",
    {
        conf::Module<LimitExceptSettings>::RowSpec(
            "limit_except", conf::kLocation, conf::arguments(1, conf::kAny), set_limit_except, "method …",
            "What holds for requests with any other method than these; GET includes HEAD. They inherit all "
            "of the location but its rewriting.")
            .once_structural(),
    },
    conf::Inherit::no);

class LimitExcept final : public Step {
 public:
  explicit LimitExcept(const LimitExceptSettings& settings) : settings_(settings) {}
  Verdict check(Request& r) const override {
    const auto& allowed = settings_.allowed;
    bool free = std::find(allowed.begin(), allowed.end(), r.head.method) != allowed.end();
    return free ? Verdict::next : r.go_on_in(*settings_.location);
  }

 private:
  const LimitExceptSettings& settings_;
};

const Step* make_limit_except(Arena& arena, const conf::Settings& settings) {
  const auto& own = settings.get<LimitExceptSettings>();
  return own.location == nullptr ? nullptr : arena.own<LimitExcept>(own);
}

// Before the location's script, which those methods do not run, and before its routes: nothing that a client
// says may lead around it.
const StepRow row{"limit_except", Phase::rewrite, -30, make_limit_except};
const StepRegistration registered(row);

}  // namespace

}  // namespace sluice::http
