// The master's state and what it does with it, for the files that it is written in: master.cc for the
// processes and the signals, reload.cc for the way from one generation to the next.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/occasional.h"
#include "os/board.h"
#include "os/generation.h"
#include "os/process_table.h"
#include "os/settings.h"
#include "os/signals.h"
#include "os/upgrade.h"
#include "os/worker.h"

namespace sluice::os {

class Master {
 public:
  Master(const Invocation& invocation, Generation first, int started_fd, bool inherited)
      : invocation_(invocation),
        generation_(std::move(first)),
        last_number_(generation_.number),
        started_fd_(started_fd) {
    if (inherited) { upgrade_.note_parent(); }
  }
  int run();

 private:
  static uint64_t now();  // milliseconds, read from the system
  const conf::Config& config() const { return *generation_.config; }
  unsigned wanted() const { return process_settings(config()).worker_processes; }

  void start_workers();
  void start_missing();
  void spawn(unsigned number);
  void spawn_manager();
  void fork_process(Process process, const char* what);
  void fork_later(Process process);
  WorkerStart child(const Process& process, int ready_fd);
  void spawn_due();
  void wait();
  void note_ready(Process& process);
  void settle();
  void tell(char what);

  void handle(const Signal& signal);
  void terminate();
  void quit();
  void reload();
  void take_over(Generation next);
  void go_back(std::string why);
  void forget_former();
  void restart_workers();
  void change_binary();
  void reopen();
  void settle_zones();
  bool crowded() const;
  void postpone_reload();
  void resume_reload();
  void reload_ended(bool failed, std::string message);
  void give_up_reload(std::string why);
  void show();
  void retire_workers(const Signal& signal);
  void reap();
  void ended(pid_t pid, int status);
  void respawn(const Process& process, bool killed);
  void give_up_start();
  void finish();

  const Invocation& invocation_;
  Generation generation_;
  std::optional<Generation> former_;  // serves until generation_ does, and goes on when that cannot
  unsigned last_number_;              // of the generations so far
  ProcessTable processes_;
  Upgrade upgrade_;
  std::vector<Due> due_;
  std::vector<shm::Zones::Claim> unsettled_;  // of processes that ended
  Respawn respawn_;
  Occasional fork_line_;
  std::unique_ptr<Board> board_;
  MasterState state_;
  int signals_ = -1;
  int started_fd_;
  int life_[2] = {-1, -1};  // a pipe that closes when the master dies
  enum class Ending { no, quit, terminate } ending_ = Ending::no;
  bool without_workers_ = false;  // after SIGWINCH
  bool reloading_ = false;        // and whoever asked for it wants to know how it went
  unsigned unborn_ = 0;           // processes of this generation that ended before they served
  bool settled_ = false;          // this generation serves, older ones were told to leave
  uint64_t kill_at_ = 0;
  bool postponed_ = false;    // a reload waits until older workers have left
  unsigned awaited_ = 0;      // the generation that it waits for
  bool hurried_ = false;      // which was told to close its tunnels
  uint64_t out_of_time_ = 0;  // when it is told so, or ended
  int result_ = 0;
  std::optional<int> child_result_;
};

}  // namespace sluice::os
