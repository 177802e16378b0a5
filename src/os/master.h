// The process that starts, replaces and ends the workers. It serves nothing and reads nothing that a client
// sends, so nothing a client does can end it.
#pragma once

#include "os/generation.h"

namespace sluice::os {

// What `started_fd` is told: the first workers serve, or cannot.
inline constexpr char kStarted = 's', kFailed = 'f';

// Runs until told to end; the exit code. `started_fd` (or -1) is written to and closed when it is known how
// the start went. `inherited`: another master, this process's parent, handed on what it has. In a worker it
// returns that worker's exit code.
int run_master(const Invocation& invocation, Generation first, int started_fd, bool inherited);

}  // namespace sluice::os
