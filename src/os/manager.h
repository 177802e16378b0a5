// The process for what is periodic or must be done once for all workers. It serves nobody. A feature
// registers a task; the process exists when the configuration wants at least one of them.
#pragma once

#include "base/registry.h"
#include "os/worker.h"

namespace sluice::os {

struct TaskRow {
  using Registered = Registry<const TaskRow>;

  TaskRow(const char* name, uint64_t (*interval)(const conf::Config&), void (*run)(Worker&))
      : name(name), interval(interval), run(run), entry_(*this) {}
  TaskRow(const TaskRow&) = delete;
  TaskRow& operator=(const TaskRow&) = delete;

  const char* name;
  // Milliseconds between two runs under this configuration; 0: it has no use for the task.
  uint64_t (*interval)(const conf::Config&);
  // Short: others wait for it. What takes longer starts a coroutine in the worker's nursery.
  void (*run)(Worker&);

 private:
  Registered::Entry entry_;
};

bool manager_wanted(const conf::Config& config);
// Runs the tasks until the end; the process's exit code.
int run_manager(const WorkerStart& start);

}  // namespace sluice::os
