#include "cli/commands.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "base/log.h"
#include "base/text.h"
#include "conf/print.h"
#include "conf/source.h"
#include "os/files.h"
#include "os/listeners.h"
#include "os/load.h"

namespace sluice::cli {

namespace {

int signal_number(const std::string& name) {
  return name == "stop" ? SIGTERM : name == "quit" ? SIGQUIT : name == "reopen" ? SIGUSR1 : SIGHUP;
}

}  // namespace

int test_configuration(const os::Invocation& invocation, const Options& options) {
  const char* path = invocation.paths.conf_path.c_str();
  os::Loaded loaded = os::load(invocation);
  os::report(loaded.diagnostics, true);
  bool good = loaded.good();
  if (good) {
    if (!options.quiet) { fprintf(stderr, "sluice: the configuration file %s syntax is ok\n", path); }
    good = os::prepare(*loaded.config) && os::Sockets::test(os::listen_plan(*loaded.config)) &&
           os::test_pid_file(os::pid_path(*loaded.config));
  }
  if (!good) {
    fprintf(stderr, "sluice: configuration file %s test failed\n", path);
    return 1;
  }
  if (!options.quiet) { fprintf(stderr, "sluice: configuration file %s test is successful\n", path); }
  if (options.dump) {
    std::string text = conf::dump(loaded.tree);
    fwrite(text.data(), 1, text.size(), stdout);
  }
  return 0;
}

int send_signal(const os::Invocation& invocation, const Options& options) {
  os::Loaded loaded = os::load(invocation);
  os::report(loaded.diagnostics, true);
  if (!loaded.good()) { return 1; }
  std::string path = os::pid_path(*loaded.config);
  std::string text;
  std::string error;
  if (!conf::read_source(path, text, error)) {
    log::error(0, "%s", error.c_str());
    return 1;
  }
  std::string_view digits = text;
  while (!digits.empty() && (digits.back() == '\n' || digits.back() == '\r')) { digits.remove_suffix(1); }
  auto pid = parse_decimal(digits);
  if (!pid || *pid == 0 || *pid > INT32_MAX) {
    log::error(0, "invalid PID number \"%.*s\" in \"%s\"", static_cast<int>(digits.size()), digits.data(),
               path.c_str());
    return 1;
  }
  int number = signal_number(options.signal);
  if (kill(static_cast<pid_t>(*pid), number) != 0) {
    log::alert(errno, "kill(%d, %d) failed", static_cast<int>(*pid), number);
    return 1;
  }
  return 0;
}

}  // namespace sluice::cli
