// What the program does instead of serving: test, dump, signal.
#pragma once

#include <functional>

#include "cli/options.h"

namespace sluice::cli {

// -t and -T; the exit code.
int test_configuration(const os::Invocation& invocation, const Options& options);
// -s: sends the signal to the master whose pid file the configuration names; the exit code. After reload it
// waits until the new configuration serves or was refused.
int send_signal(const os::Invocation& invocation, const Options& options);

// Looks every few milliseconds until it is done, for that long at most; whether it is.
bool within(int milliseconds, const std::function<bool()>& done);

// The process id that the configuration's pid file holds, or 0 after saying what is wrong with it.
pid_t running_master(const std::string& pid_path);

}  // namespace sluice::cli
