#include "cli/zones.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>

#include "os/zones.h"
#include "shm/check.h"
#include "shm/heap.h"
#include "shm/transaction.h"

namespace sluice::cli {

namespace {

// What the process has open in /proc that may be a zone.
std::vector<std::string> candidates(pid_t master) {
  std::vector<std::string> found;
  std::string folder = "/proc/" + std::to_string(master) + "/fd";
  DIR* all = opendir(folder.c_str());
  if (all == nullptr) { return found; }
  while (dirent* entry = readdir(all)) {
    std::string path = folder + "/" + entry->d_name;
    char target[256];
    ssize_t size = readlink(path.c_str(), target, sizeof target);
    if (size > 0 && std::string_view(target, static_cast<size_t>(size)).starts_with("/memfd:sluice ")) {
      found.push_back(path);
    }
  }
  closedir(all);
  return found;
}

std::unique_ptr<shm::Zone> open_zone(const std::vector<std::string>& paths, const shm::Spec& spec) {
  for (const std::string& path : paths) {
    int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) { continue; }
    if (auto adoption = shm::Zone::adopt(fd, spec); adoption.zone != nullptr) {
      return std::move(adoption.zone);
    }
  }
  return nullptr;
}

uint64_t free_in(shm::Zone& zone) {
  uint64_t pages = 0;
  for (uint32_t i = 0; i < zone.shards(); ++i) {
    shm::Transaction tx(zone.shard(i));
    if (tx) { pages += shm::free_pages(tx); }
  }
  return pages * shm::kPage;
}

}  // namespace

std::vector<ZoneState> zones_of(pid_t master, conf::Config& config, bool check) {
  std::vector<ZoneState> found;
  std::vector<std::string> paths = candidates(master);
  for (const shm::Spec& spec : os::zone_plan(config).specs) {
    std::unique_ptr<shm::Zone> zone = open_zone(paths, spec);
    if (zone == nullptr) { continue; }
    found.push_back({spec.kind->name, spec.name, zone->size(), free_in(*zone),
                     check ? shm::check(*zone) : std::vector<std::string>()});
  }
  return found;
}

}  // namespace sluice::cli
