// error_log: where messages go. The settings of a block are its own list of outputs, or its parent's.
#pragma once

#include <string>

#include "base/log.h"
#include "conf/build.h"

namespace sluice::os {

// The log until the configuration says another, and for a configuration that says none: what -e names, else
// the path that was compiled in. Set once, first of all. `failure` is why it could not be opened, and
// standard error took its place.
void set_initial_log(log::Log log, std::string path, int failure);
const log::Log& initial_log();
// Whether the main log is one that could be opened; says so in the log when it is not.
bool check_main_log(const conf::Config& config);

// Descriptor 2 becomes the main error log, so that what libraries print is not lost.
void redirect_stderr();

struct ErrorLogSettings {
  log::Log log = initial_log();
};

}  // namespace sluice::os
