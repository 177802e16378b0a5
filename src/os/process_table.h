// The worker processes of a master: who runs, who is to be started again, and when.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "shm/zones.h"

namespace sluice::os {

struct Process {
  pid_t pid = 0;
  unsigned number = 0;  // of the worker within its generation
  unsigned generation = 0;
  int ready_fd = -1;  // -1 once it is ready
  enum class Told : uint8_t { nothing, leave_gently, leave } told = Told::nothing;
  uint64_t started = 0;  // milliseconds
  bool manager = false;
  shm::Zones::Claim claim;  // its places in the zones
};

// When a worker that died is started again: at once, but ever later when it keeps dying as soon as it runs.
class Respawn {
 public:
  // The delay in milliseconds for a worker that ended after `lived` milliseconds.
  uint64_t delay(uint64_t lived);

 private:
  unsigned quick_ends_ = 0;
};

struct Due {
  unsigned number = 0;
  uint64_t at = 0;
};

class ProcessTable {
 public:
  void add(const Process& process) { processes_.push_back(process); }
  Process* find(pid_t pid);
  // Forgets a process that ended; closes its descriptor.
  Process remove(pid_t pid);
  size_t count(unsigned generation) const;  // workers of it that were not told to leave
  uint32_t leaving() const;
  bool empty() const { return processes_.empty(); }
  std::vector<Process>& all() { return processes_; }
  void kill_all(int signal);
  // Tells those of older generations to leave; all of them when `generation` is 0. Gently: idle connections
  // stay for a moment, so that a request that is on its way is answered.
  void retire_before(unsigned generation, bool gently);
  void retire(unsigned generation, bool gently);
  bool has(unsigned generation, unsigned number) const;
  // Of those that are leaving: how many generations, and the oldest (0: none).
  size_t leaving_generations() const;
  unsigned oldest_leaving() const;
  void kill_generation(unsigned generation, int signal);
  // Whether `count` workers of the generation are ready.
  bool ready(unsigned generation, unsigned count) const;
  // In a child: closes what belongs to the master.
  void abandon();

 private:
  std::vector<Process> processes_;
};

}  // namespace sluice::os
