// What map, geo and split_clients have in common: each declares a variable and finds its value from others.
#pragma once

#include "conf/build.h"
#include "conf/variable.h"

namespace sluice::http {

inline conf::Realm realm_of(const conf::Scope& scope) {
  return scope.context() == conf::kStream ? conf::Realm::stream : conf::Realm::http;
}

// The variable that `name` ("$name") declares; `data` is the definition, found again in the getter. Null when
// it cannot be declared, which was reported.
conf::Variable* declare(conf::Build& build, const conf::Scope& scope, const conf::Word& name,
                        conf::Getter get, const void* data, bool cached);

// The name in "$name"; empty, and reported, when `word` is no such thing.
std::string_view declared_name(conf::Build& build, const conf::Word& word);

// The evaluation of one declared variable, which may lead to that of others; on the stack of its getter.
class Evaluating {
 public:
  explicit Evaluating(const conf::Variable& variable) : variable_(variable), outer_(innermost_) {
    innermost_ = this;
  }
  ~Evaluating() { innermost_ = outer_; }
  Evaluating(const Evaluating&) = delete;
  Evaluating& operator=(const Evaluating&) = delete;
  // Whether the variable is found from itself: then it has no value. One line in the error log says so.
  bool in_circle() const;

 private:
  static inline const Evaluating* innermost_ = nullptr;
  const conf::Variable& variable_;
  const Evaluating* outer_;
};

}  // namespace sluice::http
