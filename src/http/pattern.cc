#include "http/pattern.h"

#include "http/request.h"

namespace sluice::http {

std::optional<Pattern> Pattern::compile(conf::Build& build, const conf::Word& where, const std::string& text,
                                        bool caseless) {
  std::string reason;
  auto regex = conf::Regex::compile(text, caseless, reason);
  if (regex == nullptr) {
    build.error(where, "invalid regular expression \"" + text + "\"", reason);
    return std::nullopt;
  }
  Pattern made;
  made.text_ = text;
  for (const auto& [name, group] : regex->names()) {
    conf::Variable* variable = build.config.http_variables.define(name, conf::no_value, nullptr, false);
    if (variable == nullptr) {
      build.error(where, "the duplicate \"" + name + "\" variable",
                  "the group takes the name of a variable that cannot be changed");
      return std::nullopt;
    }
    made.names_.emplace_back(variable, group);
  }
  made.regex_ = build.arena().own<std::unique_ptr<conf::Regex>>(std::move(regex))->get();
  return made;
}

bool Pattern::match(Request& request, string_view subject) const {
  if (!regex_->match(subject, request.capture_store)) { return false; }
  request.captures = &request.capture_store;
  for (const auto& [variable, group] : names_) {
    request.put(*variable, conf::Value(request.capture_store[static_cast<size_t>(group)]));
  }
  return true;
}

}  // namespace sluice::http
