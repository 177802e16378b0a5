#include "os/activation.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/text.h"

namespace sluice::os {

namespace {

constexpr int kFirst = 3;         // SD_LISTEN_FDS_START
constexpr uint64_t kMost = 4096;  // more is a mistake

std::string take_variable(const char* name) {
  const char* value = getenv(name);
  std::string text = value != nullptr ? value : "";
  unsetenv(name);
  return text;
}

// The manager's sockets may block, and lack what ours get when they are made.
bool make_usable(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    return false;
  }
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails for unix sockets, which have no delay
  int type = 0, accepts = 0;
  socklen_t size = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) { return false; }
  size = sizeof accepts;
  return type != SOCK_STREAM ||
         (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) == 0 && accepts == 1);
}

}  // namespace

void take_given_sockets(Sockets& sockets) {
  std::optional<uint64_t> process = parse_decimal(take_variable("LISTEN_PID"));
  std::optional<uint64_t> count = parse_decimal(take_variable("LISTEN_FDS"));
  std::string names = take_variable("LISTEN_FDNAMES");
  if (!process || *process != static_cast<uint64_t>(getpid()) || !count || *count > kMost) { return; }
  Split name{{}, names, true};
  for (int fd = kFirst; fd < kFirst + static_cast<int>(*count); ++fd) {
    name = split(name.tail, ':');
    std::string shown = name.head.empty() ? std::string("unnamed") : std::string(name.head);
    if (!make_usable(fd) || !sockets.adopt(fd, shown)) {
      log::warn(0, "descriptor %d (%s) of the service manager is no listening socket, closed", fd,
                shown.c_str());
      close(fd);
    }
  }
}

void report_unused(const Sockets& given) {
  for (const std::string& name : given.unused()) {
    log::warn(0, "no \"listen\" has the address of the service manager's socket \"%s\", closed",
              name.c_str());
  }
}

}  // namespace sluice::os
