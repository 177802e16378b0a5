#include "os/zones.h"

#include "base/log.h"

namespace sluice::os {

const char* ZonePlan::add(const shm::Kind& kind, const std::string& name, size_t size, uint32_t shards) {
  for (shm::Spec& spec : specs) {
    if (spec.kind != &kind || spec.name != name) { continue; }
    if (size == 0 || spec.size == size) { return nullptr; }
    if (spec.size != 0) { return "is declared with another size elsewhere"; }
    spec.size = size;
    return nullptr;
  }
  specs.push_back({&kind, name, size, shards});
  return nullptr;
}

ZonePlan& zone_plan(conf::Config& config) { return *config.shared<ZonePlan>("zone plan"); }

bool has_zones(const conf::Config& config) {
  const auto* plan = config.find<ZonePlan>("zone plan");
  return plan != nullptr && !plan->specs.empty();
}

bool open_zones(conf::Config& config, shm::Zones& previous, shm::Zones& out) {
  std::vector<std::string> notes;
  Result<shm::Zones> opened = shm::Zones::open(zone_plan(config).specs, previous, notes);
  for (const std::string& note : notes) {
    if (opened) {
      log::notice(0, "%s", note.c_str());
    } else {
      log::emerg(0, "%s", note.c_str());
    }
  }
  if (!opened) {
    if (notes.empty()) { log::emerg(opened.error().sys, "shared memory cannot be had"); }
    return false;
  }
  out = std::move(*opened);
  return true;
}

}  // namespace sluice::os
