// What the program does instead of serving: test, dump, signal.
#pragma once

#include "cli/options.h"

namespace sluice::cli {

// -t and -T; the exit code.
int test_configuration(const os::Invocation& invocation, const Options& options);
// -s: sends the signal to the master whose pid file the configuration names; the exit code.
int send_signal(const os::Invocation& invocation, const Options& options);

}  // namespace sluice::cli
