#include "cli/commands.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>

#include "base/log.h"
#include "base/text.h"
#include "conf/lint.h"
#include "conf/print.h"
#include "conf/source.h"
#include "os/board.h"
#include "os/files.h"
#include "os/listeners.h"
#include "os/load.h"

namespace sluice::cli {

namespace {

int signal_number(const std::string& name) {
  return name == "stop" ? SIGTERM : name == "quit" ? SIGQUIT : name == "reopen" ? SIGUSR1 : SIGHUP;
}

constexpr int kLookEvery = 10;           // milliseconds
constexpr int kReloadPatience = 60'000;  // milliseconds

// Until the reload has succeeded or failed.
int await_reload(pid_t master, const os::BoardView& board, const os::MasterState& before) {
  os::MasterState now;
  bool over = within(kReloadPatience, [&] {
    now = board.read();
    return now.attempts != before.attempts || now.phase == os::MasterState::Phase::ending ||
           kill(master, 0) != 0;
  });
  if (now.attempts != before.attempts) {
    if (!now.failed) { return 0; }
    fprintf(stderr, "sluice: reload failed, generation %u goes on\n%s", now.generation, now.message.c_str());
  } else {
    fprintf(stderr, "sluice: %s\n",
            over ? "the server is ending" : "the new configuration does not serve yet; see the error log");
  }
  return 1;
}

}  // namespace

int test_configuration(const os::Invocation& invocation, const Options& options) {
  const char* path = invocation.paths.conf_path.c_str();
  os::Loaded loaded = os::load(invocation);
  // Who has errors to mend is not told of traps as well.
  if (loaded.good()) { conf::lint(loaded.tree, loaded.diagnostics); }
  conf::silence(loaded.tree, loaded.diagnostics);
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

bool within(int milliseconds, const std::function<bool()>& done) {
  for (int waited = 0; waited < milliseconds; waited += kLookEvery) {
    if (done()) { return true; }
    usleep(kLookEvery * 1000);
  }
  return done();
}

pid_t running_master(const std::string& path) {
  std::string text;
  std::string error;
  if (!conf::read_source(path, text, error)) {
    log::error(0, "%s", error.c_str());
    return 0;
  }
  std::string_view digits = text;
  while (!digits.empty() && (digits.back() == '\n' || digits.back() == '\r')) { digits.remove_suffix(1); }
  auto pid = parse_decimal(digits);
  if (!pid || *pid == 0 || *pid > INT32_MAX) {
    log::error(0, "invalid PID number \"%.*s\" in \"%s\"", static_cast<int>(digits.size()), digits.data(),
               path.c_str());
    return 0;
  }
  return static_cast<pid_t>(*pid);
}

int send_signal(const os::Invocation& invocation, const Options& options) {
  os::Loaded loaded = os::load(invocation);
  os::report(loaded.diagnostics, true);
  if (!loaded.good()) { return 1; }
  pid_t master = running_master(os::pid_path(*loaded.config));
  if (master == 0) { return 1; }
  int number = signal_number(options.signal);
  std::unique_ptr<os::BoardView> board;
  if (number == SIGHUP && !options.no_wait) { board = os::BoardView::of(master); }
  os::MasterState before;
  if (board != nullptr) { before = board->read(); }
  if (kill(master, number) != 0) {
    log::alert(errno, "kill(%d, %d) failed", master, number);
    return 1;
  }
  // Another binary, or one that may not be looked at: as nginx, nobody waits. While a new binary runs beside
  // the old one, the signal means something else.
  return board == nullptr || before.binary != 0 ? 0 : await_reload(master, *board, before);
}

}  // namespace sluice::cli
