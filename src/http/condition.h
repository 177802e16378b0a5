// What `if` asks of a request: one of
//   $variable                      neither empty nor "0"
//   $variable = text, != text
//   $variable ~ regex, ~*, !~, !~* the groups of a match become variables
//   -f file, -d, -e, -x            and each with a ! before it
#pragma once

#include <memory>
#include <vector>

#include "conf/build.h"
#include "conf/expression.h"

namespace sluice::http {

class Request;

class Condition {
 public:
  virtual ~Condition() = default;
  virtual bool holds(Request& request) const = 0;
};
using ConditionPointer = std::shared_ptr<const Condition>;

// From the words between the parentheses. Null: it was an error, told there. `whole` is what an error without
// a place of its own points at.
ConditionPointer compile_condition(conf::Build& build, const std::vector<conf::Word>& words,
                                   const conf::Word& whole);

// Its pieces, for other blocks that ask things of a request.
ConditionPointer truth_of(conf::Expression value);
bool is_comparison(std::string_view operation);  // =, !=, ~, ~*, !~, !~*
// Null: it was an error, told.
ConditionPointer compare(conf::Build& build, conf::Expression left, const conf::Word& operation,
                         const conf::Word& right);

// Whether a value counts as true.
inline bool is_true(std::string_view value) { return !value.empty() && value != "0"; }

}  // namespace sluice::http
