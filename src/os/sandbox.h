// The system calls that a worker may make. What it never needs ends it at once (a program to execute, another
// process, another user, the kernel's inner workings); what is merely unknown fails with ENOSYS, so that a
// library tries another way.
#pragma once

#include "conf/build.h"

namespace sluice::os {

// Sanitizers call what a sandbox forbids, and read their own memory.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// In a worker that has its user already, before it reads anything of a client: closes the sandbox, for good.
// False, after saying why in the log, when the configuration insists on one and there can be none.
bool enter_sandbox(const conf::Config& config);

}  // namespace sluice::os
