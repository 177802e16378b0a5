#include "os/master.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "config.h"
#include "os/error_log.h"
#include "os/files.h"
#include "os/load.h"
#include "os/manager.h"
#include "os/master_process.h"
#include "os/notify.h"
#include "os/privilege.h"
#include "os/signals.h"
#include "os/title.h"

namespace sluice::os {

namespace {

constexpr uint64_t kPatience = 1000;  // milliseconds that workers get to obey SIGTERM before SIGKILL
constexpr uint64_t kForkAgain = 500;  // milliseconds until fork() is tried again
constexpr unsigned kMostUnborn = 3;   // processes of a generation that may end before they serve
constexpr unsigned kManagerNumber = UINT32_MAX;
}  // namespace

uint64_t Master::now() {
  clock::refresh();
  return clock::now();
}

// -- starting workers ---------------------------------------------------------------------------------

void Master::start_workers() {
  log::notice(0, "start worker processes");
  settled_ = false;
  without_workers_ = false;
  unborn_ = 0;
  start_missing();
}

// Those of this generation that do not run.
void Master::start_missing() {
  due_.clear();
  for (unsigned i = 0; i < wanted() && !child_result_; ++i) {
    if (!processes_.has(generation_.number, i)) { spawn(i); }
  }
  bool manager = manager_wanted(config()) && !processes_.has(generation_.number, kManagerNumber);
  if (!child_result_ && manager) { spawn_manager(); }
}

void Master::spawn(unsigned number) {
  Process process;
  process.number = number;
  fork_process(std::move(process), "worker process");
}

void Master::spawn_manager() {
  Process process;
  process.manager = true;
  process.number = kManagerNumber;
  fork_process(std::move(process), "manager process");
}

void Master::fork_process(Process process, const char* what) {
  int ready[2];
  process.generation = generation_.number;
  process.started = now();
  bool claimed = generation_.zones.claim(generation_.number, process.claim);
  if (!claimed || pipe2(ready, O_CLOEXEC | O_NONBLOCK) != 0) {
    log::alert(
        claimed ? errno : 0,
        claimed ? "pipe2() failed while spawning \"%s\"" : "no place in shared memory yet for a new \"%s\"",
        what);
    fork_later(std::move(process));
    return;
  }
  pid_t pid = fork();
  if (pid == 0) {
    close(ready[0]);
    child_result_ =
        process.manager ? run_manager(child(process, ready[1])) : run_worker(child(process, ready[1]));
    return;
  }
  close(ready[1]);
  if (pid < 0) {
    int sys = errno;
    if (fork_line_.due()) {
      log::alert(sys, "fork() failed while spawning \"%s\", %llu times", what,
                 static_cast<unsigned long long>(fork_line_.times()));
    }
    close(ready[0]);
    fork_later(std::move(process));
    return;
  }
  log::notice(0, "start %s %d", what, pid);
  process.pid = pid;
  process.ready_fd = ready[0];
  processes_.add(process);
}

void Master::fork_later(Process process) {
  unsettled_.push_back(std::move(process.claim));
  due_.push_back({process.number, now() + kForkAgain});
}

// What a new process is, and is not any more.
WorkerStart Master::child(const Process& process, int ready_fd) {
  processes_.abandon();
  board_.reset();
  close(signals_);
  close(life_[1]);
  if (started_fd_ >= 0) { close(started_fd_); }
  if (former_) { former_->sockets = Sockets(); }
  if (process.manager) {
    generation_.sockets = Sockets();
  } else {
    generation_.sockets.keep_only(process.number);
  }
  return {*generation_.config,
          process.number,
          generation_.number,
          process.manager ? std::vector<Listener>() : generation_.sockets.for_worker(process.number),
          ready_fd,
          life_[0],
          nullptr,
          &generation_.zones,
          &process.claim};
}

void Master::spawn_due() {
  uint64_t time = now();
  std::vector<Due> later;
  std::vector<unsigned> numbers;
  for (const Due& due : due_) {
    if (due.at <= time) {
      numbers.push_back(due.number);
    } else {
      later.push_back(due);
    }
  }
  due_ = std::move(later);
  for (unsigned number : numbers) {
    if (child_result_) { return; }
    if (number == kManagerNumber) {
      spawn_manager();
    } else {
      spawn(number);
    }
  }
}

void Master::note_ready(Process& process) {
  close(process.ready_fd);
  process.ready_fd = -1;
}

// Once all workers of the generation serve, those before it leave.
void Master::settle() {
  if (settled_ || !processes_.ready(generation_.number, wanted())) { return; }
  settled_ = true;
  forget_former();
  processes_.retire_before(generation_.number, true);
  log::notice(0, "generation %u serves, configuration %016llx", generation_.number,
              static_cast<unsigned long long>(generation_.hash));
  tell(kStarted);
  tell_ready(format("Generation %u serves with %u workers", generation_.number, wanted()),
             !upgrade_.shared());
  state_.phase = MasterState::Phase::serving;
  state_.serving_since = clock::wall() / 1000;
  if (reloading_) { reload_ended(false, ""); }
}

// Tells whoever started this process how it went.
void Master::tell(char what) {
  if (started_fd_ < 0) { return; }
  [[maybe_unused]] ssize_t told = write(started_fd_, &what, 1);
  close(started_fd_);
  started_fd_ = -1;
}

// -- the loop -----------------------------------------------------------------------------------------

int Master::run() {
  signals_ =
      open_signals({SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD, SIGALRM, SIGIO});
  if (signals_ < 0 || pipe2(life_, O_CLOEXEC) != 0) {
    log::emerg(errno, "cannot watch signals and workers");
    return 1;
  }
  std::string title = "sluice: master process";
  for (const std::string& argument : invocation_.arguments) { title += " " + argument; }
  set_title(title);
  board_ = std::make_unique<Board>();
  state_.started = clock::wall() / 1000;
  state_.version = SLUICE_VERSION;
  start_workers();
  while (!child_result_) {
    settle();
    resume_reload();
    if (child_result_) { break; }
    show();
    if (ending_ != Ending::no && processes_.empty()) {
      finish();
      return result_;
    }
    wait();
    if (ending_ == Ending::no) { spawn_due(); }
  }
  return *child_result_;
}

void Master::wait() {
  std::vector<pollfd> watched{{signals_, POLLIN, 0}};
  std::vector<pid_t> starting;
  for (const Process& process : processes_.all()) {
    if (process.ready_fd < 0) { continue; }
    watched.push_back({process.ready_fd, POLLIN, 0});
    starting.push_back(process.pid);
  }
  uint64_t next = kill_at_ != 0 ? kill_at_ : UINT64_MAX;
  if (!unsettled_.empty()) { next = std::min(next, now() + kForkAgain); }
  if (postponed_) { next = std::min(next, out_of_time_); }
  for (const Due& due : due_) { next = std::min(next, due.at); }
  uint64_t time = now();
  int timeout = next == UINT64_MAX ? -1 : static_cast<int>(next > time ? next - time : 0);
  int changed = poll(watched.data(), watched.size(), timeout);
  clock::expire();
  if (changed < 0) { return; }
  for (size_t i = 1; i < watched.size(); ++i) {
    if ((watched[i].revents & POLLIN) != 0) { note_ready(*processes_.find(starting[i - 1])); }
  }
  Signal signal;
  while (!child_result_ && next_signal(signals_, signal)) { handle(signal); }
  if (child_result_) { return; }  // a worker at its end, not the master any more
  reap();
  if (child_result_) { return; }
  if (!unsettled_.empty()) { settle_zones(); }
  if (kill_at_ != 0 && now() >= kill_at_) {
    kill_at_ = 0;
    processes_.kill_all(SIGKILL);
  }
}

void Master::handle(const Signal& signal) {
  switch (signal.number) {
    case SIGTERM:
    case SIGINT:
      log_signal(signal, ", exiting");
      terminate();
      break;
    case SIGQUIT:
      log_signal(signal, ", shutting down");
      quit();
      break;
    case SIGHUP:
      log_signal(signal, ", reconfiguring");
      reload();
      break;
    case SIGUSR1:
      log_signal(signal, ", reopening logs");
      reopen();
      break;
    case SIGUSR2:
      log_signal(signal, ", changing binary");
      change_binary();
      break;
    case SIGWINCH:
      retire_workers(signal);
      break;
    default:
      log_signal(signal, "");
  }
}

// -- what signals ask for -----------------------------------------------------------------------------

void Master::terminate() {
  if (ending_ == Ending::terminate) { return; }
  ending_ = Ending::terminate;
  if (upgrade_.binary() == 0) { tell_stopping(); }
  processes_.kill_all(SIGTERM);
  kill_at_ = now() + kPatience;
}

void Master::quit() {
  if (ending_ != Ending::no) { return; }
  ending_ = Ending::quit;
  if (upgrade_.binary() == 0) { tell_stopping(); }
  // Whoever connects from now on is refused at once instead of waiting for nobody, or is another binary's.
  bool shared = upgrade_.shared();
  forget_former();
  generation_.sockets.close(shared);
  processes_.retire_before(0, shared);
}

void Master::retire_workers(const Signal& signal) {
  // A terminal sends it when its window changes.
  if (signal.from_kernel) { return; }
  log_signal(signal, ", stop accepting connections");
  if (ending_ != Ending::no) { return; }
  if (postponed_ || reloading_) { give_up_reload("all workers were told to leave\n"); }
  forget_former();
  without_workers_ = true;
  due_.clear();
  processes_.retire_before(0, true);
}

void Master::show() {
  if (settled_) { state_.generation = generation_.number; }
  if (settled_) { state_.configuration = generation_.hash; }
  if (ending_ != Ending::no) { state_.phase = MasterState::Phase::ending; }
  state_.workers = static_cast<uint32_t>(processes_.count(generation_.number));
  state_.leaving = processes_.leaving();
  state_.binary = upgrade_.binary();
  board_->show(state_);
}

void Master::change_binary() {
  if (ending_ != Ending::no) { return; }
  if (upgrade_.binary() != 0) {
    log::notice(0, "ignored: a new binary is running, process %d", upgrade_.binary());
    return;
  }
  if (upgrade_.shared()) {
    log::notice(0, "ignored: the old binary is still running, process %d", getppid());
    return;
  }
  forget_former();
  upgrade_.start(invocation_, generation_);
}

// Gives back what processes that ended held in shared memory.
void Master::settle_zones() {
  std::erase_if(unsettled_, [](shm::Zones::Claim& claim) { return shm::Zones::settle(claim); });
}

void Master::reopen() {
  log::notice(0, "reopening logs");
  std::optional<Identity> identity;
  Owner owner;
  if (worker_identity(config(), identity) && identity) { owner = {identity->user, identity->group}; }
  reopen_all(identity ? &owner : nullptr);
  redirect_stderr();
  processes_.kill_all(SIGUSR1);
}

// -- workers that ended -------------------------------------------------------------------------------

void Master::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) { ended(pid, status); }
}

void Master::ended(pid_t pid, int status) {
  if (pid == upgrade_.binary()) {
    upgrade_.ended(status);
    ++state_.binaries;
    if (without_workers_ && ending_ == Ending::no) { restart_workers(); }
    return;
  }
  if (processes_.find(pid) == nullptr) {
    log::notice(0, "unknown process %d exited", pid);
    return;
  }
  Process process = processes_.remove(pid);
  const char* what = process.manager ? "manager" : "worker";
  if (WIFSIGNALED(status)) {
    log::alert(0, "%s process %d exited on signal %d%s, of generation %u of sluice/%s", what, pid,
               WTERMSIG(status), WCOREDUMP(status) ? " (core dumped)" : "", process.generation,
               SLUICE_VERSION);
  } else {
    log::notice(0, "%s process %d exited with code %d", what, pid, WEXITSTATUS(status));
  }
  unsettled_.push_back(std::move(process.claim));
  settle_zones();
  bool fatal = WIFEXITED(status) && WEXITSTATUS(status) == kFatalExit;
  bool needed = process.told == Process::Told::nothing && process.generation == generation_.number &&
                ending_ == Ending::no && !without_workers_;
  if (needed && process.ready_fd >= 0) { ++unborn_; }
  if (fatal && needed) {
    log::alert(0, "%s process %d exited with fatal code %d and cannot be respawned", what, pid, kFatalExit);
    give_up_start();
  } else if (needed && former_ && unborn_ >= kMostUnborn) {
    go_back("the new workers end before they serve; see the error log\n");
  } else if (needed) {
    respawn(process, WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && process.ready_fd < 0);
  }
}

// A server whose first workers cannot run did not start.
void Master::give_up_start() {
  if (former_) { return go_back("the new workers cannot run; see the error log\n"); }
  if (reloading_) { give_up_reload("the new workers cannot run; see the error log\n"); }
  if (settled_ || generation_.number > 1) { return; }
  tell(kFailed);
  result_ = 1;
  terminate();
}

void Master::respawn(const Process& process, bool killed) {
  uint64_t time = now();
  // Somebody else's doing says nothing about the next one.
  uint64_t delay = killed ? 0 : respawn_.delay(time - process.started);
  due_.push_back({process.number, time + delay});
}

void Master::finish() {
  generation_.sockets.close(upgrade_.shared());
  std::string path = upgrade_.pid_file(config());
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    log::alert(errno, "unlink() \"%s\" failed", path.c_str());
  }
  if (upgrade_.binary() != 0) { tell_successor(upgrade_.binary()); }
  log::notice(0, "exit");
}

int run_master(const Invocation& invocation, Generation first, int started_fd, bool inherited) {
  return Master(invocation, std::move(first), started_fd, inherited).run();
}

}  // namespace sluice::os
