#include "os/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

namespace sluice::os {

namespace {

// The length of the address, or 0: other kinds of sockets are for other machines.
socklen_t address_of(const std::string& name, sockaddr_un& address) {
  if (name.size() < 2 || name.size() >= sizeof address.sun_path || (name[0] != '/' && name[0] != '@')) {
    return 0;
  }
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, name.data(), name.size());
  bool abstract = name[0] == '@';
  if (abstract) { address.sun_path[0] = '\0'; }
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (abstract ? 0 : 1));
}

void tell(const std::string& message) {
  const char* name = getenv("NOTIFY_SOCKET");
  if (name == nullptr) { return; }
  sockaddr_un address{};
  socklen_t length = address_of(name, address);
  if (length == 0) {
    log::warn(0, "NOTIFY_SOCKET=\"%s\" is no address of a unix socket", name);
    return;
  }
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  bool sent = fd >= 0 && sendto(fd, message.data(), message.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), length) >= 0;
  if (!sent) { log::warn(errno, "the service manager cannot be told at \"%s\"", name); }
  if (fd >= 0) { close(fd); }
}

}  // namespace

void tell_ready(const std::string& status, bool main_process) {
  std::string message = "READY=1\nSTATUS=" + status;
  if (main_process) { append_format(message, "\nMAINPID=%d", getpid()); }
  tell(message);
}

void tell_reloading() {
  tell(format("RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=Reading the configuration",
              static_cast<unsigned long long>(clock::precise_microseconds())));
}

void tell_stopping() { tell("STOPPING=1\nSTATUS=Finishing what is under way"); }

void tell_successor(pid_t pid) { tell(format("MAINPID=%d\nSTATUS=A new binary serves", pid)); }

}  // namespace sluice::os
