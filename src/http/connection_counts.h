// How many connections there are and what they do, of all workers together: for $connections_… and
// stub_status. Counted in shared memory when the configuration asks for it, and over reloads and upgrades;
// else nowhere.
#pragma once

#include <optional>

#include "conf/build.h"
#include "os/worker.h"
#include "shm/counter.h"

namespace sluice::http {

// This process's part.
struct ConnectionCounts {
  shm::Counter accepted, handled, requests;  // since the first start
  shm::Counter active, reading, writing;     // now; the others wait
  void open(os::Worker& worker);
  bool wanted() const { return active.real(); }
};

// While the configuration is built: somebody will read them.
void want_connection_counts(conf::Build& build);

struct ConnectionTotals {
  int64_t accepted = 0;
  int64_t handled = 0;
  int64_t requests = 0;
  int64_t active = 0;
  int64_t reading = 0;
  int64_t writing = 0;
  int64_t waiting() const { return active - reading - writing; }
};
// Null: they are not counted, or cannot be read now.
std::optional<ConnectionTotals> connection_totals();

}  // namespace sluice::http
