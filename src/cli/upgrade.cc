// sluice upgrade: the sequence of signals that puts a new binary in the place of a running one, with a look
// at each step, and the way back.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>

#include "base/log.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "os/board.h"
#include "os/listeners.h"
#include "os/load.h"

namespace sluice::cli {

namespace {

using os::BoardView;
using os::MasterState;

constexpr int kStartPatience = 60'000;  // milliseconds for the new binary to serve
constexpr int kTrial = 1'000;           // milliseconds that it must go on serving
constexpr int kAnswerPatience = 5'000;  // milliseconds for an answer to a request
constexpr int kLeavePatience = 10'000;  // milliseconds for what ends to be gone

int say(const char* what) {
  fprintf(stderr, "sluice: %s\n", what);
  return 1;
}

bool alive(pid_t pid) { return kill(pid, 0) == 0; }

// A request that any server of HTTP/1 answers, whatever it is configured to do (RFC 9110 9.3.7).
constexpr std::string_view kQuestion = "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

bool ready_for(int fd, short what) {
  pollfd watched{fd, what, 0};
  return poll(&watched, 1, kAnswerPatience) == 1;
}

// Something comes back, if only the end: a port of TLS answers with an alert, "return 444" with nothing.
bool answers(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (!ready_for(fd, POLLOUT) || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
    return false;
  }
  if (send(fd, kQuestion.data(), kQuestion.size(), MSG_NOSIGNAL) < 0) { return false; }
  char byte;
  return ready_for(fd, POLLIN) && recv(fd, &byte, 1, 0) >= 0;
}

// A request is answered on each address of the configuration. The old workers accept nothing any more.
bool all_answer(conf::Config& config) {
  for (const os::ListenSpec& spec : os::listen_plan(config).specs) {
    if (spec.type != SOCK_STREAM) { continue; }
    int fd = socket(spec.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool connected =
        fd >= 0 && (connect(fd, spec.socket_address(), spec.length) == 0 || errno == EINPROGRESS);
    bool good = connected && answers(fd);
    if (fd >= 0) { close(fd); }
    if (!good) {
      fprintf(stderr, "sluice: no answer on %s\n", spec.text.c_str());
      return false;
    }
  }
  return true;
}

// The new one served and does not any more, or never did.
int roll_back(pid_t old_master, const BoardView& old_board, pid_t binary, const char* why) {
  say(why);
  if (old_board.read().workers == 0) { kill(old_master, SIGHUP); }  // they come back
  if (binary > 0 && alive(binary)) { kill(binary, SIGQUIT); }
  auto gone = [&] { return binary <= 0 || !alive(binary); };
  if (!within(kLeavePatience, gone)) {
    kill(binary, SIGTERM);
    within(kLeavePatience, gone);
  }
  return say("rolled back: the old binary serves");
}

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
  if (!serves || board == nullptr) {
    return roll_back(old_master, *old_board, binary, "the new binary does not serve");
  }

  kill(old_master, SIGWINCH);
  bool broke = within(kTrial, [&] {
    return !alive(binary) || board->read().phase != MasterState::Phase::serving || board->read().workers == 0;
  });
  if (broke) { return roll_back(old_master, *old_board, binary, "the new binary does not go on serving"); }
  if (!all_answer(*loaded.config)) {
    return roll_back(old_master, *old_board, binary, "the new binary does not answer");
  }
  kill(old_master, SIGQUIT);
  printf("sluice: upgraded, process %d serves; process %d leaves when its connections have ended\n", binary,
         old_master);
  return 0;
}

constexpr const char* kUsage = "upgrade [-c file] [-p prefix] [-g directives]";
constexpr const char* kAbout =
    "Lets the binary that lies at the running server's path now take over from it, without refusing a\n"
    "connection: waits until the new one serves and answers on each address, then ends the old one. When any "
    "of\n"
    "this fails, the old one goes on and the exit code is 1.";

int run(const std::vector<std::string>& arguments, const char* binary) {
  ConfigurationOptions configuration;
  std::vector<std::string> words;
  int code = 0;
  if (!read_arguments(arguments, kUsage, kAbout, configuration.with({}), words, code)) { return code; }
  if (!words.empty()) { return say_usage("unexpected \"" + words[0] + "\""); }
  return upgrade(configuration.invocation(binary));
}

const CommandRow row{"upgrade", "let the binary that is installed now take over from the running one", run};
const CommandRegistration registered(row);

}  // namespace

}  // namespace sluice::cli
