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

// Reads the configuration again and opens what is new in it. False, after saying why in the log: `now` goes
// on as it is.
bool prepare_next(const Invocation& invocation, Generation& now, Generation& next);
// `next` is what counts from here on: its log and its sockets. Sockets that only `now` has are closed.
void put_in_place(Generation& now, Generation& next);

}  // namespace sluice::os
