// sluice upgrade: the sequence of signals that puts a new binary in the place of a running one, with a look
// at each step, and the way back.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <functional>
#include <memory>

#include "base/log.h"
#include "cli/commands.h"
#include "os/board.h"
#include "os/listeners.h"
#include "os/load.h"

namespace sluice::cli {

namespace {

using os::BoardView;
using os::MasterState;

constexpr int kLookEvery = 20;          // milliseconds
constexpr int kStartPatience = 60'000;  // milliseconds for the new binary to serve
constexpr int kTrial = 1'000;           // milliseconds that it must go on serving
constexpr int kLeavePatience = 10'000;  // milliseconds for what ends to be gone

int say(const char* what) {
  fprintf(stderr, "sluice: %s\n", what);
  return 1;
}

bool within(int milliseconds, const std::function<bool()>& done) {
  for (int waited = 0; waited < milliseconds; waited += kLookEvery) {
    if (done()) { return true; }
    usleep(kLookEvery * 1000);
  }
  return done();
}

bool alive(pid_t pid) { return kill(pid, 0) == 0; }

// Somebody takes connections on each address of the configuration.
bool answers(conf::Config& config) {
  for (const os::ListenSpec& spec : os::listen_plan(config).specs) {
    if (spec.type != SOCK_STREAM) { continue; }
    int fd = socket(spec.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool connected =
        fd >= 0 && (connect(fd, spec.socket_address(), spec.length) == 0 || errno == EINPROGRESS);
    pollfd ready{fd, POLLOUT, 0};
    int error = 0;
    socklen_t size = sizeof error;
    connected = connected && poll(&ready, 1, 1000) == 1 &&
                getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
    if (fd >= 0) { close(fd); }
    if (!connected) { return false; }
  }
  return true;
}

// The new one served and does not any more, or never did.
int roll_back(pid_t old_master, pid_t binary, const char* why) {
  say(why);
  kill(old_master, SIGHUP);  // its workers come back, if they have left
  if (binary > 0 && alive(binary)) { kill(binary, SIGQUIT); }
  bool gone = within(kLeavePatience, [&] { return binary <= 0 || !alive(binary); });
  if (!gone) { kill(binary, SIGTERM); }
  return say("rolled back: the old binary serves");
}

}  // namespace

int upgrade(const os::Invocation& invocation) {
  os::Loaded loaded = os::load(invocation);
  os::report(loaded.diagnostics, true);
  if (!loaded.good()) { return 1; }
  std::string path = os::pid_path(*loaded.config);
  pid_t old_master = running_master(path);
  if (old_master == 0) { return 1; }
  std::unique_ptr<BoardView> old_board = BoardView::of(old_master);
  if (old_board == nullptr) {
    return say("the running server cannot be looked at: not yours, or none of ours");
  }
  MasterState before = old_board->read();
  if (before.phase != MasterState::Phase::serving) { return say("the running server is starting or ending"); }
  if (before.binary != 0) { return say("an upgrade is under way already"); }

  if (kill(old_master, SIGUSR2) != 0) {
    log::alert(errno, "kill(%d, SIGUSR2) failed", old_master);
    return 1;
  }
  pid_t binary = 0;
  std::unique_ptr<BoardView> board;
  bool serves = within(kStartPatience, [&] {
    MasterState now = old_board->read();
    if (now.binary != 0) { binary = now.binary; }
    if (binary != 0 && board == nullptr) { board = BoardView::of(binary); }
    bool over = now.binaries != before.binaries || !alive(old_master);
    return over || (board != nullptr && board->read().phase == MasterState::Phase::serving);
  });
  bool ended = old_board->read().binaries != before.binaries;
  if (ended) { return say("the new binary did not start, the old one goes on; see the error log"); }
  if (!serves || board == nullptr) { return roll_back(old_master, binary, "the new binary does not serve"); }

  kill(old_master, SIGWINCH);
  bool broke = within(kTrial, [&] {
    return !alive(binary) || board->read().phase != MasterState::Phase::serving || board->read().workers == 0;
  });
  if (broke) { return roll_back(old_master, binary, "the new binary does not go on serving"); }
  if (!answers(*loaded.config)) {
    return roll_back(old_master, binary, "the new binary does not take connections");
  }
  kill(old_master, SIGQUIT);
  printf("sluice: upgraded, process %d serves; process %d leaves when its connections have ended\n", binary,
         old_master);
  return 0;
}

}  // namespace sluice::cli
