// What the service manager that started this process is told about it: systemd's protocol, one datagram a
// message to the socket that NOTIFY_SOCKET names (sd_notify(3)). Without that variable nobody is told.
#pragma once

#include <sys/types.h>

#include <string>

namespace sluice::os {

// It serves; `status` is for a person. This is the main process unless it is a new binary beside an old one.
void tell_ready(const std::string& status, bool main_process);
// A reload begins, and ends with tell_ready().
void tell_reloading();
void tell_stopping();
// Another process is the main one from here on: this one ends, and its new binary goes on.
void tell_successor(pid_t pid);

}  // namespace sluice::os
