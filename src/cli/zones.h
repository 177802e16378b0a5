// The zones of a running server, as an outsider finds them: through /proc, like the board.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "conf/build.h"

namespace sluice::cli {

struct ZoneState {
  std::string kind, name;
  uint64_t size = 0;                  // bytes
  uint64_t free = 0;                  // of them, in whole pages
  std::vector<std::string> findings;  // of the checker, when it was asked for
};

// Those that `config` names and the process has. `check`: also walks them, one shard after the other, each of
// which the server does without for as long as that takes.
std::vector<ZoneState> zones_of(pid_t master, conf::Config& config, bool check);

}  // namespace sluice::cli
