// What the main and the events contexts say about processes.
#pragma once

#include <sched.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <vector>

#include "conf/build.h"
#include "conf/directive.h"

namespace sluice::os {

// Addresses whose connections are logged at debug level.
struct DebugConnection {
  int family = AF_UNSPEC;  // AF_INET, AF_INET6 or AF_UNIX
  unsigned char bytes[16] = {};
  unsigned bits = 0;

  bool covers(const sockaddr* address) const;
};

struct EventSettings {
  uint32_t worker_connections = 512;
  bool multi_accept = false;
  bool accept_mutex = false;
  conf::Milliseconds accept_mutex_delay{500};
  uint32_t worker_aio_requests = 32;
  std::string use = "epoll";
  std::vector<DebugConnection> debug_connections;
};

struct ProcessSettings {
  std::string user, group;  // empty: what was compiled in
  unsigned worker_processes = 1;
  std::vector<cpu_set_t> affinity;
  bool affinity_auto = false;
  std::optional<int> worker_priority;
  std::optional<uint64_t> rlimit_nofile;
  std::optional<uint64_t> rlimit_core;
  conf::Milliseconds worker_shutdown_timeout{0};  // 0: for ever
  unsigned max_worker_generations = 4;            // that are leaving
  std::vector<std::string> environment;           // NAME or NAME=value
  bool daemon = true;
  bool master_process = true;
  std::string pid;
  std::string lock_file;
  std::string working_directory;
  conf::Milliseconds timer_resolution{0};
  bool pcre_jit = true;
  const EventSettings* events = nullptr;  // null: there was no such block
};

inline const ProcessSettings& process_settings(const conf::Config& config) {
  return config.main.get<ProcessSettings>();
}
inline const EventSettings& event_settings(const conf::Config& config) {
  return *process_settings(config).events;
}

// Processors that this process may run on.
unsigned usable_processors();

}  // namespace sluice::os
