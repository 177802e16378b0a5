#include "os/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <string>

#include "base/log.h"

namespace sluice::os {

namespace {

sigset_t set_of(std::initializer_list<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (int number : numbers) { sigaddset(&set, number); }
  return set;
}

}  // namespace

void ignore_failed_writes() {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

void block_signals() {
  sigset_t known =
      set_of({SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD, SIGALRM, SIGIO});
  sigprocmask(SIG_BLOCK, &known, nullptr);
}

int open_signals(std::initializer_list<int> numbers) {
  sigset_t set = set_of(numbers);
  return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

bool next_signal(int fd, Signal& signal) {
  signalfd_siginfo info;
  if (read(fd, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) { return false; }
  signal = {static_cast<int>(info.ssi_signo), static_cast<pid_t>(info.ssi_pid), info.ssi_code == SI_KERNEL};
  return true;
}

void log_signal(const Signal& signal, const char* action) {
  std::string from = signal.sender != 0 ? " from " + std::to_string(signal.sender) : std::string();
  log::notice(0, "signal %d (SIG%s) received%s%s", signal.number, sigabbrev_np(signal.number), from.c_str(),
              action);
}

}  // namespace sluice::os
