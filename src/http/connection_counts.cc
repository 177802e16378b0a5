#include "http/connection_counts.h"

#include <utility>

#include "base/log.h"
#include "os/zones.h"

namespace sluice::http {

namespace {

constexpr uint32_t kRoomForCounters = 16;
constexpr size_t kZoneSize = 128u << 10;
constexpr const char* kZoneName = "http";

bool prepare(shm::Transaction& tx) { return shm::prepare_counters(tx, kRoomForCounters); }

const shm::Kind kind{"connections", 1, prepare};

// Of this process: all of its configurations that count at all count in the same one.
shm::Zone* zone = nullptr;

using Total = int64_t ConnectionTotals::*;
constexpr std::pair<const char*, Total> kTotals[] = {
    {"accepted", &ConnectionTotals::accepted}, {"handled", &ConnectionTotals::handled},
    {"requests", &ConnectionTotals::requests}, {"active", &ConnectionTotals::active},
    {"reading", &ConnectionTotals::reading},   {"writing", &ConnectionTotals::writing},
};

}  // namespace

void want_connection_counts(conf::Build& build) {
  os::zone_plan(build.config).add(kind, kZoneName, kZoneSize, 1);
}

void ConnectionCounts::open(os::Worker& worker) {
  zone = worker.zones->find(kind.name, kZoneName);
  if (zone == nullptr) { return; }
  using shm::CounterKind;
  accepted = shm::open_counter(*zone, "accepted", CounterKind::total);
  handled = shm::open_counter(*zone, "handled", CounterKind::total);
  requests = shm::open_counter(*zone, "requests", CounterKind::total);
  active = shm::open_counter(*zone, "active", CounterKind::gauge);
  reading = shm::open_counter(*zone, "reading", CounterKind::gauge);
  writing = shm::open_counter(*zone, "writing", CounterKind::gauge);
}

std::optional<ConnectionTotals> connection_totals() {
  if (zone == nullptr) { return std::nullopt; }
  std::vector<shm::Reading> readings = shm::read_counters(*zone);
  if (readings.empty()) { return std::nullopt; }
  ConnectionTotals totals;
  for (const shm::Reading& one : readings) {
    for (const auto& [name, total] : kTotals) {
      if (one.name == name) { totals.*total = one.value; }
    }
  }
  return totals;
}

}  // namespace sluice::http
