#include "os/start.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "config.h"
#include "os/activation.h"
#include "os/alone.h"
#include "os/capabilities.h"
#include "os/error_log.h"
#include "os/files.h"
#include "os/inheritance.h"
#include "os/load.h"
#include "os/master.h"
#include "os/settings.h"
#include "os/signals.h"
#include "os/worker.h"
#include "os/zones.h"

namespace sluice::os {

namespace {

constexpr int kStartPatience = 20000;  // milliseconds to wait for the first workers

// Says what runs here, as nginx does, for the person who reads the log.
void introduce() {
  log::notice(0, "using the \"epoll\" event method");
  log::notice(0, "sluice/%s", SLUICE_VERSION);
  log::notice(0, "built by %s", SLUICE_COMPILER);
  utsname system{};
  if (uname(&system) == 0) { log::notice(0, "OS: %s %s", system.sysname, system.release); }
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    log::notice(0, "getrlimit(RLIMIT_NOFILE): %llu:%llu", static_cast<unsigned long long>(files.rlim_cur),
                static_cast<unsigned long long>(files.rlim_max));
  }
}

void check_limits(const conf::Config& config) {
  rlimit files{};
  uint64_t wanted = event_settings(config).worker_connections;
  if (process_settings(config).rlimit_nofile || getrlimit(RLIMIT_NOFILE, &files) != 0) { return; }
  if (wanted > files.rlim_cur) {
    log::warn(0, "%llu worker_connections exceed open file resource limit: %llu",
              static_cast<unsigned long long>(wanted), static_cast<unsigned long long>(files.rlim_cur));
  }
}

// Waits for the daemon to say that it serves; the exit code of the program that was started.
int await_daemon(int started_fd) {
  pollfd watched{started_fd, POLLIN, 0};
  int changed = 0;
  do { changed = poll(&watched, 1, kStartPatience); } while (changed < 0 && errno == EINTR);
  if (changed == 0) {
    fprintf(stderr, "sluice: [warn] the workers are not ready yet; see the error log\n");
    return 0;
  }
  char byte = 0;
  if (read(started_fd, &byte, 1) != 1) { return 1; }  // it ended, and has said why
  if (byte == kStarted) { return 0; }
  fprintf(stderr, "sluice: [emerg] the workers cannot start; see the error log\n");
  return 1;
}

void detach() {
  setsid();
  umask(022);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) {
    log::emerg(errno, "open(\"/dev/null\") failed");
    return;
  }
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  if (null > STDERR_FILENO) { close(null); }
}

// The part of the start that happens in the process that stays.
int begin(const Invocation& invocation, Generation generation, int started_fd, bool inherited) {
  const conf::Config& config = *generation.config;
  // Until here a signal ends the start; from the pid file on it asks the server for something.
  block_signals();
  if (!write_pid_file(pid_path(config), getpid())) {
    generation.sockets.close();
    return 1;
  }
  log::echo_to_stderr(std::nullopt);
  redirect_stderr();
  introduce();
  if (process_settings(config).master_process) {
    if (!limit_capabilities(master_capabilities())) { log::alert(errno, "capset() failed"); }
    return run_master(invocation, std::move(generation), started_fd, inherited);
  }
  if (started_fd >= 0) {
    [[maybe_unused]] ssize_t told = write(started_fd, &kStarted, 1);
    close(started_fd);
  }
  return Alone(invocation, std::move(generation)).run();
}

// Becomes a daemon; in the process that was started, waits for it and returns its result.
int begin_as_daemon(const Invocation& invocation, Generation generation) {
  int started[2];
  if (pipe2(started, O_CLOEXEC) != 0) {
    log::emerg(errno, "pipe2() failed");
    return 1;
  }
  pid_t pid = fork();
  if (pid < 0) {
    log::emerg(errno, "fork() failed");
    return 1;
  }
  if (pid > 0) {
    close(started[1]);
    return await_daemon(started[0]);
  }
  close(started[0]);
  detach();
  return begin(invocation, std::move(generation), started[1], false);
}

// Sockets and zones: those that a previous binary hands on, and what is missing.
bool open_resources(Generation& generation, bool& inherited) {
  const ProcessSettings& settings = process_settings(*generation.config);
  Inheritance inheritance = take_inheritance();
  inherited = inheritance.present;
  if (inherited) { log::notice(0, "taking over from the previous binary"); }
  if (!open_zones(*generation.config, inheritance.zones, generation.zones)) { return false; }
  generation.zones.sweep();
  if (!inherited) { take_given_sockets(inheritance.sockets); }
  ListenPlan& plan = listen_plan(*generation.config);
  unsigned workers = settings.master_process ? settings.worker_processes : 1;
  if (!generation.sockets.open(plan, workers, inheritance.sockets, {})) { return false; }
  generation.sockets.trim();
  report_unused(inheritance.sockets);
  return true;
}

}  // namespace

void open_first_log(const Invocation& invocation) {
  log::Log first;
  log::Log start;
  int failure = 0;
  std::shared_ptr<log::File> file = open_log(invocation.error_log);
  if (file->fd >= 0 || open_now(*file)) {
    start.add({file, log::Level::notice, nullptr});
  } else {
    failure = errno;
    // A configuration that names another one can do without, so this file is forgotten.
    file = std::make_shared<log::File>(log::File{"", STDERR_FILENO});
  }
  first.add({file, log::Level::error, nullptr});
  set_initial_log(first, invocation.error_log, failure);
  log::set_main_log(start);
  log::echo_to_stderr(log::Level::warn);
  if (failure != 0) {
    log::alert(0, "could not open error log file: open() \"%s\" failed (%d: %s)",
               invocation.error_log.c_str(), failure, strerror(failure));
  }
}

int run_server(const Invocation& invocation) {
  ignore_failed_writes();
  Loaded loaded = load(invocation);
  report(loaded.diagnostics, true);
  if (!loaded.good() || !prepare(*loaded.config)) { return 1; }
  Generation generation;
  generation.number = 1;
  generation.hash = loaded.hash;
  generation.config = std::move(loaded.config);
  const ProcessSettings& settings = process_settings(*generation.config);
  check_limits(*generation.config);
  bool inherited = false;
  if (!open_resources(generation, inherited)) { return 1; }
  forget_text(loaded);
  use_main_log(*generation.config);
  // A binary that takes another's place is that one's child already, and is to stay so: it is missed when it
  // ends. The first process of a container is the container, which ends with it.
  bool stays = inherited || getpid() == 1;
  return settings.daemon && !stays ? begin_as_daemon(invocation, std::move(generation))
                                   : begin(invocation, std::move(generation), -1, inherited);
}

}  // namespace sluice::os
