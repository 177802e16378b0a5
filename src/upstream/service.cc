// In each worker, before it serves: groups with a zone find what the others know.
#include "base/log.h"
#include "os/worker.h"
#include "upstream/all_groups.h"

namespace sluice::upstream {

namespace {

void start(os::Worker& worker) {
  auto* groups = worker.config.find<AllGroups>("all groups");
  if (groups == nullptr) { return; }
  for (Group* group : groups->all()) {
    shm::Zone* zone = group->zone.empty() ? nullptr : worker.zones->find(kUpstreamKind.name, group->zone);
    if (zone == nullptr || group->share(*zone)) { continue; }
    log::warn(0,
              "zone \"%s\" has no room for all servers of upstream \"%s\": each worker keeps what it knows "
              "of the others",
              group->zone.c_str(), group->name.c_str());
  }
}

const os::ServiceRow row("upstream", start, nullptr, nullptr, nullptr, nullptr);

}  // namespace

}  // namespace sluice::upstream
