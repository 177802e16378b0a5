// Sockets that the service manager opened before it started this process: systemd's socket activation
// (sd_listen_fds(3)). They are used for the `listen` of the same address, also by an ordinary user on a port
// that only root may bind.
#pragma once

#include "os/listeners.h"

namespace sluice::os {

// Adds them to `sockets` and removes the variables, so that no other process takes them for its own.
void take_given_sockets(Sockets& sockets);
// Says of which there is no use. They close with `given`.
void report_unused(const Sockets& given);

}  // namespace sluice::os
