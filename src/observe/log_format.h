// log_format: how a line of an access log is made of text and variables.
#pragma once

#include <string>
#include <vector>

#include "conf/build.h"
#include "conf/expression.h"
#include "http/log_escape.h"

namespace sluice::observe {

class LogFormat {
 public:
  LogFormat() = default;
  // `words` are joined as they are. Errors go to the build's diagnostics.
  LogFormat(conf::Build& build, http::LogEscape escape, const std::vector<const conf::Word*>& words);

  // The format of that name, which may be declared after this call; at the build's end a missing one is an
  // error at `where`.
  static const LogFormat* named(conf::Build& build, const conf::Word& where);
  // The predefined format.
  static const LogFormat* combined(conf::Build& build);

  // Appends one line without its end. A variable without a value is "-" with the default escaping, else
  // empty.
  void append(std::string& line, conf::Evaluation& in) const;
  bool declared() const { return declared_; }

 private:
  std::vector<conf::Expression> parts_;
  http::LogEscape escape_ = http::LogEscape::text;
  bool declared_ = false;
};

}  // namespace sluice::observe
