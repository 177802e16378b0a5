// How the program was called: what -p, -c, -e and -g said, made absolute. Kept for the whole life of the
// process, because a reload reads the same file with the same directives.
#pragma once

#include <string>
#include <vector>

#include "conf/build.h"

namespace sluice::os {

struct Invocation {
  std::vector<std::string> arguments;  // argv as given, argv[0] included
  std::string binary;                  // absolute path of the program, for the one that takes its place
  conf::Paths paths;
  std::string error_log;   // absolute, or "stderr"
  std::string directives;  // -g
};

}  // namespace sluice::os
