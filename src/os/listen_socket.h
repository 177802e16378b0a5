// One listening socket: made, bound, given its options. The system calls of listeners.cc.
#pragma once

#include "os/listeners.h"

namespace sluice::os {

// A descriptor that listens on the address, or -errno, the reason being in the log.
int open_listening(const ListenSpec& spec);
// What can be changed on an open socket; `again` when it listens already.
void apply_options(int fd, const ListenSpec& spec, bool again);
// Whether the address could be bound; says in the log why not.
bool test_binding(const ListenSpec& spec);
// Removes the file of a unix socket; nothing for others.
void remove_socket_file(const ListenSpec& spec);
void remove_socket_file(const Socket& socket);

}  // namespace sluice::os
