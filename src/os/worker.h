// A process that serves. It starts every registered service, runs the event loop, and leaves when it is told
// to: at once (TERM), or after what is in flight (QUIT).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/registry.h"
#include "conf/build.h"
#include "event/task.h"
#include "os/listeners.h"
#include "shm/zones.h"

namespace sluice::os {

struct Worker {
  conf::Config& config;
  unsigned number;      // 0 … N-1
  unsigned generation;  // counts configurations
  std::vector<Listener> listeners;
  event::Nursery nursery;
  bool retiring = false;
  bool gently = false;    // retiring, but idle connections may stay for a moment: a request may be on its way
  bool in_haste = false;  // retiring, and what has no end of its own is to end: tunnels
  uint32_t connection_limit = 0;
  shm::Zones* zones = nullptr;  // never null
};

// What a worker runs. A process without a master has a further Worker after each reload. http and stream
// register one each: static const os::ServiceRow row("http", …). A function that a service has no use for is
// null.
struct ServiceRow {
  using Registered = Registry<const ServiceRow>;

  ServiceRow(const char* name, void (*start)(Worker&), void (*retire)(Worker&), size_t (*busy)(),
             void (*stop)(Worker&), void (*flush)())
      : name(name), start(start), retire(retire), busy(busy), stop(stop), flush(flush), entry_(*this) {}
  ServiceRow(const ServiceRow&) = delete;
  ServiceRow& operator=(const ServiceRow&) = delete;

  const char* name;
  void (*start)(Worker&);   // begin to accept
  void (*retire)(Worker&);  // stop accepting, close idle connections, finish the rest; the listening
                            // descriptors are closed right after. Called again when it is not to be gentle
                            // any more
  size_t (*busy)();         // connections still open
  void (*stop)(Worker&);    // close all at once
  void (*flush)();          // write out buffered logs; may be null

 private:
  Registered::Entry entry_;
};

class Alone;

// How a process came to be a worker.
struct WorkerStart {
  conf::Config& config;
  unsigned number;
  unsigned generation;
  std::vector<Listener> listeners;
  int ready_fd = -1;       // told, once it accepts
  int master_fd = -1;      // readable when the master is gone
  Alone* alone = nullptr;  // master_process off: the process keeps its user and title
  shm::Zones* zones = nullptr;
  const shm::Zones::Claim* claim = nullptr;  // its places in them, taken by the master
};

// A process's exit code that says: starting another one is no use.
inline constexpr int kFatalExit = 2;

enum class Role : uint8_t { worker, manager };

// Serves until the end; the process's exit code.
int run_worker(const WorkerStart& start);
// A process of either role: takes its place, calls `begin`, runs the loop.
int run_process(const WorkerStart& start, Role role, const std::function<void(Worker&)>& begin);
// Lets every service write out its logs.
void flush_services();

}  // namespace sluice::os
