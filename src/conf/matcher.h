// A regular expression of the configuration whose groups become variables of what it is matched for: $1 … $9,
// and $name for a named group.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/regex.h"
#include "conf/variable.h"

namespace sluice::conf {

class Build;

class Matcher {
 public:
  // Lives as long as the configuration. Null when the pattern is none, or names a group like a built-in
  // variable; that was reported at `where`.
  static const Matcher* compile(Build& build, Realm realm, const Word& where, std::string_view pattern,
                                bool caseless);
  explicit Matcher(std::unique_ptr<Regex> regex) : regex_(std::move(regex)) {}

  // Sets the captures when it matches; they are views into `subject`. Those of an earlier match stay when it
  // does not.
  bool match(Evaluation& in, std::string_view subject) const;

 private:
  std::unique_ptr<Regex> regex_;
  std::vector<std::pair<const Variable*, int>> named_;
};

}  // namespace sluice::conf
