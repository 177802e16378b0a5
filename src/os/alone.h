// What a process that serves without a master (master_process off) does for itself: it reads its
// configuration anew and owns its sockets. Requests in flight go on under the configuration they came in by,
// so all of them are kept until the process ends; it is a way to debug, not to live.
#pragma once

#include <deque>

#include "os/generation.h"
#include "os/worker.h"

namespace sluice::os {

class Alone {
 public:
  Alone(const Invocation& invocation, Generation first);
  // Serves until the end; the process's exit code.
  int run();

  // On SIGHUP: false when the new configuration cannot be used.
  bool prepare();
  // After prepare(), once nobody accepts for the old configuration any more: how the new one is served.
  WorkerStart adopt();
  // Whoever connects from now on is refused.
  void close_sockets();

 private:
  Generation& now() { return generations_.back(); }
  WorkerStart start();

  const Invocation& invocation_;
  std::deque<Generation> generations_;
  Generation next_;
};

}  // namespace sluice::os
