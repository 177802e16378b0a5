// What a worker is allowed to be: user, limits, priority, processors.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "conf/build.h"

namespace sluice::os {

struct Identity {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
};

// The user of workers; nothing when this process is not root's, and stays what it is. False after saying in
// the log that there is no such user.
bool worker_identity(const conf::Config& config, std::optional<Identity>& identity);

// In a worker, before it touches anything a client sends: limits, priority, processors, then the user and
// all of root's powers, for good. False when that could not be done: such a worker must not serve.
bool become_worker(const conf::Config& config, unsigned number);

}  // namespace sluice::os
