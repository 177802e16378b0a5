#include "http/vars/declared.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"

namespace sluice::http {

std::string_view declared_name(conf::Build& build, const conf::Word& word) {
  std::string_view name = word.text;
  bool named = name.starts_with('$') && name.size() > 1 && !is_digit(name[1]) &&
               std::all_of(name.begin() + 1, name.end(),
                           [](char c) { return is_alpha(c) || is_digit(c) || c == '_'; });
  if (named) { return name.substr(1); }
  build.error(word, "invalid variable name \"" + word.text + "\"",
              "a \"$\" must be followed by letters, digits or \"_\"");
  return {};
}

conf::Variable* declare(conf::Build& build, const conf::Scope& scope, const conf::Word& word,
                        conf::Getter get, const void* data, bool cached) {
  std::string_view name = declared_name(build, word);
  if (name.empty()) { return nullptr; }
  conf::Variable* made = build.config.variables(realm_of(scope)).define(name, get, data, cached);
  if (made == nullptr) {
    build.error(word, "the duplicate \"" + std::string(name) + "\" variable",
                "it is built in and cannot be declared");
  }
  return made;
}

bool Evaluating::in_circle() const {
  for (const Evaluating* at = outer_; at != nullptr; at = at->outer_) {
    if (&at->variable_ != &variable_) { continue; }
    SLUICE_LOG(log::main_log(), log::Level::error, log::running, 0, "cycle while evaluating variable \"%s\"",
               variable_.name.c_str());
    return true;
  }
  return false;
}

}  // namespace sluice::http
