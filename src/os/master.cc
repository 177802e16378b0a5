#include "os/master.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "os/error_log.h"
#include "os/files.h"
#include "os/load.h"
#include "os/privilege.h"
#include "os/process_table.h"
#include "os/settings.h"
#include "os/signals.h"
#include "os/title.h"
#include "os/worker.h"

namespace sluice::os {

namespace {

constexpr uint64_t kPatience = 1000;  // milliseconds that workers get to obey SIGTERM before SIGKILL
constexpr uint64_t kForkAgain = 500;  // milliseconds until fork() is tried again
constexpr int kFatalExit = 2;         // a worker's exit code that says: another one would fail as well

uint64_t now() {
  clock::refresh();
  return clock::now();
}

class Master {
 public:
  Master(const Invocation& invocation, Generation first, int started_fd)
      : invocation_(invocation), generation_(std::move(first)), started_fd_(started_fd) {}
  int run();

 private:
  const conf::Config& config() const { return *generation_.config; }
  unsigned wanted() const { return process_settings(config()).worker_processes; }

  void start_workers();
  void spawn(unsigned number);
  WorkerStart child(unsigned number, int ready_fd);
  void spawn_due();
  void wait();
  void note_ready(Process& process);
  void settle();
  void tell(char what);

  void handle(const Signal& signal);
  void terminate();
  void quit();
  void reload();
  void reopen();
  void retire_workers(const Signal& signal);
  void reap();
  void ended(pid_t pid, int status);
  void respawn(const Process& process);
  void give_up_start();
  void finish();

  const Invocation& invocation_;
  Generation generation_;
  ProcessTable processes_;
  std::vector<Due> due_;
  Respawn respawn_;
  int signals_ = -1;
  int started_fd_;
  int life_[2] = {-1, -1};  // a pipe that closes when the master dies
  enum class Ending { no, quit, terminate } ending_ = Ending::no;
  bool without_workers_ = false;  // after SIGWINCH
  bool settled_ = false;          // this generation serves, older ones were told to leave
  uint64_t kill_at_ = 0;
  int result_ = 0;
  std::optional<int> child_result_;
};

// -- starting workers ---------------------------------------------------------------------------------

void Master::start_workers() {
  log::notice(0, "start worker processes");
  settled_ = false;
  without_workers_ = false;
  due_.clear();
  for (unsigned i = 0; i < wanted() && !child_result_; ++i) { spawn(i); }
}

void Master::spawn(unsigned number) {
  int ready[2];
  if (pipe2(ready, O_CLOEXEC | O_NONBLOCK) != 0) {
    log::alert(errno, "pipe2() failed while spawning \"worker process\"");
    due_.push_back({number, now() + kForkAgain});
    return;
  }
  pid_t pid = fork();
  if (pid == 0) {
    close(ready[0]);
    child_result_ = run_worker(child(number, ready[1]));
    return;
  }
  close(ready[1]);
  if (pid < 0) {
    log::alert(errno, "fork() failed while spawning \"worker process\"");
    close(ready[0]);
    due_.push_back({number, now() + kForkAgain});
    return;
  }
  log::notice(0, "start worker process %d", pid);
  processes_.add({pid, number, generation_.number, ready[0], false, now()});
}

// What a new worker is, and is not any more.
WorkerStart Master::child(unsigned number, int ready_fd) {
  processes_.abandon();
  close(signals_);
  close(life_[1]);
  if (started_fd_ >= 0) { close(started_fd_); }
  generation_.sockets.keep_only(number);
  return {*generation_.config,
          number,
          generation_.number,
          generation_.sockets.for_worker(number),
          ready_fd,
          life_[0]};
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
    if (!child_result_) { spawn(number); }
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
  processes_.retire_before(generation_.number);
  tell(kStarted);
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
  start_workers();
  while (!child_result_) {
    settle();
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
  for (const Due& due : due_) { next = std::min(next, due.at); }
  uint64_t time = now();
  int timeout = next == UINT64_MAX ? -1 : static_cast<int>(next > time ? next - time : 0);
  if (poll(watched.data(), watched.size(), timeout) < 0) { return; }
  for (size_t i = 1; i < watched.size(); ++i) {
    if ((watched[i].revents & POLLIN) != 0) { note_ready(*processes_.find(starting[i - 1])); }
  }
  Signal signal;
  while (next_signal(signals_, signal)) { handle(signal); }
  reap();
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
      log_signal(signal, ", ignored: changing the binary while it runs is not supported yet");
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
  processes_.kill_all(SIGTERM);
  kill_at_ = now() + kPatience;
}

void Master::quit() {
  if (ending_ != Ending::no) { return; }
  ending_ = Ending::quit;
  // Whoever connects from now on is refused at once instead of waiting for nobody.
  generation_.sockets.close();
  processes_.retire_before(0);
}

void Master::retire_workers(const Signal& signal) {
  // A terminal sends it when its window changes.
  if (signal.from_kernel) { return; }
  log_signal(signal, ", stop accepting connections");
  if (ending_ != Ending::no) { return; }
  without_workers_ = true;
  due_.clear();
  processes_.retire_before(0);
}

void Master::reload() {
  if (ending_ != Ending::no) { return; }
  log::notice(0, "reconfiguring");
  Generation next;
  if (!prepare_next(invocation_, generation_, next)) { return; }
  put_in_place(generation_, next);
  generation_ = std::move(next);
  start_workers();
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
  if (processes_.find(pid) == nullptr) {
    log::notice(0, "unknown process %d exited", pid);
    return;
  }
  Process process = processes_.remove(pid);
  if (WIFSIGNALED(status)) {
    log::alert(0, "worker process %d exited on signal %d%s", pid, WTERMSIG(status),
               WCOREDUMP(status) ? " (core dumped)" : "");
  } else {
    log::notice(0, "worker process %d exited with code %d", pid, WEXITSTATUS(status));
  }
  bool fatal = WIFEXITED(status) && WEXITSTATUS(status) == kFatalExit;
  bool needed = !process.retiring && process.generation == generation_.number && ending_ == Ending::no &&
                !without_workers_;
  if (fatal && needed) {
    log::alert(0, "worker process %d exited with fatal code %d and cannot be respawned", pid, kFatalExit);
    give_up_start();
  } else if (needed) {
    respawn(process);
  }
}

// A server whose first workers cannot run did not start.
void Master::give_up_start() {
  if (settled_ || generation_.number > 1) { return; }
  tell(kFailed);
  result_ = 1;
  terminate();
}

void Master::respawn(const Process& process) {
  uint64_t time = now();
  due_.push_back({process.number, time + respawn_.delay(time - process.started)});
}

void Master::finish() {
  generation_.sockets.close();
  std::string path = pid_path(config());
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    log::alert(errno, "unlink() \"%s\" failed", path.c_str());
  }
  log::notice(0, "exit");
}

}  // namespace

int run_master(const Invocation& invocation, Generation first, int started_fd) {
  return Master(invocation, std::move(first), started_fd).run();
}

}  // namespace sluice::os
