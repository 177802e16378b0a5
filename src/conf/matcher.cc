#include "conf/matcher.h"

#include <string>

#include "conf/build.h"

namespace sluice::conf {

const Matcher* Matcher::compile(Build& build, Realm realm, const Word& where, std::string_view pattern,
                                bool caseless) {
  std::string reason;
  std::unique_ptr<Regex> regex = Regex::compile(pattern, caseless, reason);
  if (regex == nullptr) {
    build.error(where, "invalid regular expression \"" + std::string(pattern) + "\"", reason);
    return nullptr;
  }
  auto* made = build.arena().own<Matcher>(std::move(regex));
  for (const auto& [name, group] : made->regex_->names()) {
    const Variable* variable = build.config.variables(realm).define(name, no_value, nullptr, false);
    if (variable == nullptr) {
      build.error(where, "the duplicate \"" + name + "\" variable",
                  "a group cannot have the name of a built-in variable");
      return nullptr;
    }
    made->named_.emplace_back(variable, group);
  }
  return made;
}

bool Matcher::match(Evaluation& in, std::string_view subject) const {
  if (!regex_->match(subject, in.capture_store)) { return false; }
  in.captures = &in.capture_store;
  for (const auto& [variable, group] : named_) {
    in.put(*variable, Value(in.capture_store[static_cast<size_t>(group)]));
  }
  return true;
}

}  // namespace sluice::conf
