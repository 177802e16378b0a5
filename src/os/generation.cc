#include "os/generation.h"

#include <unistd.h>

#include "base/log.h"
#include "os/error_log.h"
#include "os/files.h"
#include "os/load.h"
#include "os/settings.h"
#include "os/zones.h"

namespace sluice::os {

namespace {
constexpr Sockets::Attempts kReloadAttempts{5, 100};
}

bool prepare_next(const Invocation& invocation, Generation& now, Generation* former, unsigned number,
                  Generation& next) {
  Loaded loaded = load(invocation);
  report(loaded.diagnostics, false);
  if (!loaded.good() || !prepare(*loaded.config)) { return false; }
  next.number = number;
  next.hash = loaded.hash;
  next.config = std::move(loaded.config);
  const ProcessSettings& settings = process_settings(*next.config);
  // Whether there is a master is decided at the start.
  bool alone = !process_settings(*now.config).master_process;
  unsigned workers = alone ? 1 : settings.worker_processes;
  Sockets open = now.sockets;
  if (former != nullptr) { open.add(former->sockets); }
  // What the workers know is with those that serve.
  shm::Zones& known = former != nullptr ? former->zones : now.zones;
  if (!open_zones(*next.config, known, next.zones)) { return false; }
  if (!next.sockets.open(listen_plan(*next.config), workers, open, kReloadAttempts)) { return false; }
  forget_text(loaded);
  return move_pid_file(*now.config, *next.config);
}

void put_in_place(const conf::Config& config) {
  use_main_log(config);
  redirect_stderr();
}

bool move_pid_file(const conf::Config& from, const conf::Config& to) {
  std::string path = pid_path(to);
  std::string before = pid_path(from);
  if (path == before) { return true; }
  if (!write_pid_file(path, getpid())) { return false; }
  unlink(before.c_str());
  return true;
}

}  // namespace sluice::os
