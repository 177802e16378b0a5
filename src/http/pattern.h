// A regular expression of the configuration whose groups become variables of the request: $1 … $9 by number,
// and others by the names that the expression gives them. Copies share the compiled expression, which the
// configuration owns.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conf/build.h"
#include "conf/regex.h"

namespace sluice::http {

class Request;

class Pattern {
 public:
  // Null: it was an error, told at `where`.
  static std::optional<Pattern> compile(conf::Build& build, const conf::Word& where, const std::string& text,
                                        bool caseless);
  // When it matches, the captures of what matched before are gone; else they stay.
  bool match(Request& request, std::string_view subject) const;
  const std::string& text() const { return text_; }

 private:
  const conf::Regex* regex_ = nullptr;
  std::string text_;
  std::vector<std::pair<const conf::Variable*, int>> names_;
};

}  // namespace sluice::http
