#include "os/upgrade.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/log.h"
#include "os/inheritance.h"
#include "os/load.h"

namespace sluice::os {

namespace {

constexpr int kCannotRun = 127;

// In the child: becomes the new binary.
[[noreturn]] void become(const Invocation& invocation, const Generation& generation) {
  std::string handed = hand_on(generation.sockets, generation.zones);
  setenv(kInheritance, handed.c_str(), 1);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::vector<char*> arguments;
  for (const std::string& argument : invocation.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  execv(invocation.binary.c_str(), arguments.data());
  log::alert(errno, "execve() failed while executing new binary process \"%s\"", invocation.binary.c_str());
  _exit(kCannotRun);
}

}  // namespace

bool Upgrade::start(const Invocation& invocation, const Generation& generation) {
  std::string path = pid_path(*generation.config);
  std::string aside = path + ".oldbin";
  if (rename(path.c_str(), aside.c_str()) != 0) {
    log::alert(errno, "rename() %s to %s failed before executing new binary process \"%s\"", path.c_str(),
               aside.c_str(), invocation.binary.c_str());
    return false;
  }
  pid_t pid = fork();
  if (pid == 0) { become(invocation, generation); }
  if (pid < 0) {
    log::alert(errno, "fork() failed while spawning \"new binary process\"");
    rename(aside.c_str(), path.c_str());
    return false;
  }
  binary_ = pid;
  pid_path_ = path;
  old_path_ = aside;
  log::notice(0, "start new binary process %d", pid);
  return true;
}

void Upgrade::ended(int status) {
  if (WIFSIGNALED(status)) {
    log::alert(0, "new binary process %d exited on signal %d", binary_, WTERMSIG(status));
  } else if (WEXITSTATUS(status) != 0) {
    log::alert(0, "new binary process %d exited with code %d; this one goes on", binary_,
               WEXITSTATUS(status));
  } else {
    log::notice(0, "new binary process %d exited with code 0", binary_);
  }
  if (rename(old_path_.c_str(), pid_path_.c_str()) != 0) {
    log::alert(errno, "rename() %s back to %s failed after the new binary process %d exited",
               old_path_.c_str(), pid_path_.c_str(), binary_);
  }
  binary_ = 0;
}

std::string Upgrade::pid_file(const conf::Config& config) const {
  return binary_ != 0 ? old_path_ : pid_path(config);
}

void Upgrade::note_parent() { parent_ = getppid(); }

bool Upgrade::shared() const { return binary_ != 0 || (parent_ != 0 && getppid() == parent_); }

}  // namespace sluice::os
