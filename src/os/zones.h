// Which shared memory zones a configuration wants. Features put theirs here at build time; the master makes
// them, or takes them over, before it forks, and workers find them by kind and name.
#pragma once

#include <vector>

#include "conf/build.h"
#include "shm/zones.h"

namespace sluice::os {

struct ZonePlan {
  std::vector<shm::Spec> specs;
  // Null when one of that kind and name is there already, with the same size or `size` 0. With another size:
  // what is wrong.
  const char* add(const shm::Kind& kind, const std::string& name, size_t size, uint32_t shards = 0);
};
ZonePlan& zone_plan(conf::Config& config);
bool has_zones(const conf::Config& config);

// Makes the zones of `config`, taking over from `previous` those that fit; says in the log which start afresh
// although there was one. False after saying what failed.
bool open_zones(conf::Config& config, shm::Zones& previous, shm::Zones& out);

}  // namespace sluice::os
