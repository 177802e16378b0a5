// From the command line to a running server: load, check, bind, become a daemon, pid file, processes.
#pragma once

#include "os/invocation.h"

namespace sluice::os {

// The log of the time before there is a configuration: what -e names.
void open_first_log(const Invocation& invocation);
// Starts and runs the server; the exit code of this process, whichever of them it is by then.
int run_server(const Invocation& invocation);

}  // namespace sluice::os
