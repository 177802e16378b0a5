// A configuration with what it runs on, and how the next one takes its place.
#pragma once

#include <memory>

#include "os/invocation.h"
#include "os/listeners.h"
#include "shm/zones.h"

namespace sluice::os {

struct Generation {
  unsigned number = 0;
  uint64_t hash = 0;  // of the configuration's text
  std::unique_ptr<conf::Config> config;
  Sockets sockets;
  shm::Zones zones;
};

// Reads the configuration again and opens what is new in it, as generation `number`. False, after saying why
// in the log: `now` goes on as it is. `former`: what serves until `now` does, if that has not come so far.
bool prepare_next(const Invocation& invocation, Generation& now, Generation* former, unsigned number,
                  Generation& next);
// The log of `config` is the one that counts from here on.
void put_in_place(const conf::Config& config);
// The pid file is where `to` wants it. False, after saying why, when it cannot be written there.
bool move_pid_file(const conf::Config& from, const conf::Config& to);

}  // namespace sluice::os
