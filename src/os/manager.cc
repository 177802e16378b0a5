#include "os/manager.h"

#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "event/loop.h"
#include "os/zones.h"

namespace sluice::os {

namespace {

constexpr uint64_t kSweepEvery = 60'000;  // milliseconds

// Processes whose master was killed are missed by nobody but here.
const TaskRow sweep(
    "shared memory", [](const conf::Config& config) { return has_zones(config) ? kSweepEvery : 0; },
    [](Worker& worker) { worker.zones->sweep(); });

// One task on its schedule.
class Scheduled {
 public:
  Scheduled(const TaskRow& row, uint64_t interval) : row_(row), interval_(interval) {}
  void begin(Worker& worker) {
    worker_ = &worker;
    alarm_.in(interval_);
  }

 private:
  static void due(void* self) {
    auto* task = static_cast<Scheduled*>(self);
    task->row_.run(*task->worker_);
    task->alarm_.in(task->interval_);
  }
  const TaskRow& row_;
  uint64_t interval_;
  Worker* worker_ = nullptr;
  event::Alarm alarm_{due, this};
};

std::vector<std::unique_ptr<Scheduled>> scheduled(const conf::Config& config) {
  std::vector<std::unique_ptr<Scheduled>> tasks;
  TaskRow::Registered::each([&](const TaskRow& row) {
    uint64_t interval = row.interval(config);
    if (interval != 0) { tasks.push_back(std::make_unique<Scheduled>(row, interval)); }
  });
  return tasks;
}

}  // namespace

bool manager_wanted(const conf::Config& config) {
  bool wanted = false;
  TaskRow::Registered::each([&](const TaskRow& row) { wanted = wanted || row.interval(config) != 0; });
  return wanted;
}

int run_manager(const WorkerStart& start) {
  std::vector<std::unique_ptr<Scheduled>> tasks;
  return run_process(start, Role::manager, [&](Worker& worker) {
    tasks = scheduled(worker.config);
    for (auto& task : tasks) { task->begin(worker); }
  });
}

}  // namespace sluice::os
