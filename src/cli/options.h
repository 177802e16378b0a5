// The command line: nginx's options, with its rules and its words.
#pragma once

#include <string>

#include "os/invocation.h"

namespace sluice::cli {

struct Options {
  bool help = false;                                // -? -h
  bool version = false;                             // -v
  bool configuration = false;                       // -V
  bool test = false;                                // -t
  bool dump = false;                                // -T, which implies -t
  bool quiet = false;                               // -q
  std::string manual;                               // --manual: "plain" or "mdoc"
  std::string signal;                               // -s
  bool no_wait = false;                             // --no-wait, for -s reload
  std::string prefix, conf, error_log, directives;  // -p -c -e -g; empty when not given
};

// False with `error` in nginx's words.
bool parse_options(int argc, const char* const* argv, Options& options, std::string& error);
// The paths that the options mean: -p, else what was compiled in; -c and -e relative to it.
os::Invocation invocation_of(const Options& options, int argc, const char* const* argv);

}  // namespace sluice::cli
