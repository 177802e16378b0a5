#include "os/process_table.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "base/log.h"

namespace sluice::os {

namespace {
constexpr uint64_t kQuick = 1000;     // a life shorter than this is a failed start
constexpr uint64_t kFirstDelay = 50;  // milliseconds, doubled each time
constexpr uint64_t kLongestDelay = 1000;
constexpr unsigned kForgiven = 3;  // workers killed in a row, by a person or a test, come back at once

bool stays(const Process& process, unsigned generation) {
  return process.generation == generation && process.told == Process::Told::nothing && !process.manager;
}
}  // namespace

uint64_t Respawn::delay(uint64_t lived) {
  if (lived >= kQuick) {
    quick_ends_ = 0;
    return 0;
  }
  ++quick_ends_;
  if (quick_ends_ <= kForgiven) { return 0; }
  return std::min(kLongestDelay, kFirstDelay << std::min(quick_ends_ - kForgiven - 1, 10u));
}

Process* ProcessTable::find(pid_t pid) {
  auto at =
      std::find_if(processes_.begin(), processes_.end(), [&](const Process& p) { return p.pid == pid; });
  return at == processes_.end() ? nullptr : &*at;
}

Process ProcessTable::remove(pid_t pid) {
  Process* found = find(pid);
  Process gone = *found;
  if (gone.ready_fd >= 0) { close(gone.ready_fd); }
  processes_.erase(processes_.begin() + (found - processes_.data()));
  return gone;
}

void ProcessTable::kill_all(int signal) {
  for (const Process& process : processes_) {
    if (kill(process.pid, signal) != 0 && errno != ESRCH) {
      log::alert(errno, "kill(%d, %d) failed", process.pid, signal);
    }
  }
}

namespace {
void tell_to_leave(Process& process, bool gently) {
  Process::Told what = gently ? Process::Told::leave_gently : Process::Told::leave;
  if (process.told >= what) { return; }
  process.told = what;
  kill(process.pid, gently ? SIGWINCH : SIGQUIT);
}
}  // namespace

void ProcessTable::retire_before(unsigned generation, bool gently) {
  for (Process& process : processes_) {
    if (generation == 0 || process.generation < generation) { tell_to_leave(process, gently); }
  }
}

void ProcessTable::retire(unsigned generation, bool gently) {
  for (Process& process : processes_) {
    if (process.generation == generation) { tell_to_leave(process, gently); }
  }
}

bool ProcessTable::has(unsigned generation, unsigned number) const {
  return std::any_of(processes_.begin(), processes_.end(), [&](const Process& process) {
    return process.told == Process::Told::nothing && process.generation == generation &&
           process.number == number;
  });
}

size_t ProcessTable::leaving_generations() const {
  std::vector<unsigned> leaving;
  for (const Process& process : processes_) {
    bool known = std::find(leaving.begin(), leaving.end(), process.generation) != leaving.end();
    if (process.told != Process::Told::nothing && !known) { leaving.push_back(process.generation); }
  }
  return leaving.size();
}

unsigned ProcessTable::oldest_leaving() const {
  unsigned oldest = 0;
  for (const Process& process : processes_) {
    bool older = oldest == 0 || process.generation < oldest;
    if (process.told != Process::Told::nothing && older) { oldest = process.generation; }
  }
  return oldest;
}

void ProcessTable::kill_generation(unsigned generation, int signal) {
  for (const Process& process : processes_) {
    if (process.generation == generation && process.told != Process::Told::nothing) {
      kill(process.pid, signal);
    }
  }
}

size_t ProcessTable::count(unsigned generation) const {
  return static_cast<size_t>(std::count_if(processes_.begin(), processes_.end(),
                                           [&](const Process& p) { return stays(p, generation); }));
}

uint32_t ProcessTable::leaving() const {
  return static_cast<uint32_t>(std::count_if(processes_.begin(), processes_.end(), [](const Process& p) {
    return p.told != Process::Told::nothing;
  }));
}

bool ProcessTable::ready(unsigned generation, unsigned count) const {
  auto ready = std::count_if(processes_.begin(), processes_.end(),
                             [&](const Process& p) { return stays(p, generation) && p.ready_fd < 0; });
  return static_cast<unsigned>(ready) >= count;
}

void ProcessTable::abandon() {
  for (const Process& process : processes_) {
    if (process.ready_fd >= 0) { close(process.ready_fd); }
  }
  processes_.clear();
}

}  // namespace sluice::os
