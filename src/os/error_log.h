// error_log: where messages go. The settings of a block are its own list of outputs, or its parent's.
#pragma once

#include <string>

#include "base/log.h"

namespace sluice::os {

// The log until the configuration says another, and for a configuration that says none: what -e names, else
// the path that was compiled in. Set once, first of all.
void set_initial_log(log::Log log);
const log::Log& initial_log();
// The configuration's own log serves from now on: a file that only the initial log names need not exist.
void forget_initial_log(const log::Log& configured);

// Descriptor 2 becomes the main error log, so that what libraries print is not lost.
void redirect_stderr();

struct ErrorLogSettings {
  log::Log log = initial_log();
};

}  // namespace sluice::os
