#include "os/sandbox.h"

#include <cstring>
#include <optional>

#include "base/log.h"
#include "config.h"
#include "os/sandbox_filter.h"
#include "os/settings.h"

namespace sluice::os {

namespace {

struct SandboxSettings {
  std::optional<bool> on;  // nothing: where it can be had
};

void set_sandbox(conf::Build& build, conf::Scope& scope, const conf::Node& node, const conf::Row& row) {
  std::optional<bool> on = conf::ValueOf<bool>::parse(node.argument(0));
  if (!on) {
    conf::invalid_value(build, node, 0, row, conf::ValueOf<bool>::expected);
    return;
  }
  scope.own<SandboxSettings>().on = on;
}

const conf::Module<SandboxSettings> module("core", {{"worker_sandbox", conf::kMain, conf::arguments(1),
                                                     set_sandbox, "on | off",
                                                     "Whether workers may make only the system calls that "
                                                     "serving needs. One that executes a program, starts a "
                                                     "process, changes its user or reaches into the kernel "
                                                     "ends on signal 31; the kernel's log names the call. "
                                                     "Others fail with ENOSYS, which the error log tells at "
                                                     "debug level. Without the directive a worker on a "
                                                     "kernel that has no seccomp serves unprotected; on "
                                                     "refuses to. Has no effect with master_process off and "
                                                     "in builds with sanitizers.",
                                                     "on"}});

}  // namespace

bool enter_sandbox(const conf::Config& config) {
  std::optional<bool> wanted = config.main.get<SandboxSettings>().on;
  if (kSanitized || !wanted.value_or(true)) { return true; }
  int failure = load_filter(log::debug_wanted);
  if (failure == 0) { return true; }
  if (wanted) {
    log::emerg(failure, "worker_sandbox: seccomp is not available");
    return false;
  }
  log::warn(failure, "seccomp is not available, the worker runs without a sandbox");
  return true;
}

}  // namespace sluice::os
