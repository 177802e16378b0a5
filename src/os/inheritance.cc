#include "os/inheritance.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>

#include "base/log.h"
#include "base/text.h"

namespace sluice::os {

namespace {

constexpr std::string_view kFormat = "1";
constexpr size_t kMostSockets = 65536;

bool set_close_on_exec(int fd, bool close) {
  int flags = fcntl(fd, F_GETFD);
  return flags >= 0 && fcntl(fd, F_SETFD, close ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC) == 0;
}

bool listens(int fd) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value == 1;
}

bool parse_sockets(std::string_view text, std::vector<int>& out) {
  for (Split part{{}, text, !text.empty()}; part.found;) {
    part = split(part.tail, ',');
    auto fd = parse_decimal(part.head);
    if (!fd || *fd > INT32_MAX || out.size() == kMostSockets) { return false; }
    out.push_back(static_cast<int>(*fd));
  }
  return true;
}

// The descriptors that live across the exec, with commas between them.
std::string listed(const std::vector<int>& descriptors) {
  std::string text;
  for (int fd : descriptors) {
    if (!set_close_on_exec(fd, false)) { continue; }
    if (!text.empty()) { text += ','; }
    text += std::to_string(fd);
  }
  return text;
}

}  // namespace

std::string hand_on(const Sockets& sockets, const shm::Zones& zones) {
  std::string text(kFormat);
  text += " sockets=" + listed(sockets.descriptors());
  text += " given=" + listed(sockets.given_descriptors());
  return text + " zones=" + zones.hand_on();
}

bool parse_handed(std::string_view text, Handed& out) {
  Split format = split(text, ' ');
  if (format.head != kFormat) { return false; }
  for (Split part{{}, format.tail, format.found}; part.found;) {
    part = split(part.tail, ' ');
    Split item = split(part.head, '=');
    if (item.head == "sockets" && !parse_sockets(item.tail, out.sockets)) { return false; }
    if (item.head == "given" && !parse_sockets(item.tail, out.given)) { return false; }
    if (item.head == "zones") { out.zones = item.tail; }
    // Whatever else a later version tells is no concern of this one.
  }
  return true;
}

Inheritance take_inheritance() {
  Inheritance inheritance;
  const char* value = getenv(kInheritance);
  if (value == nullptr) { return inheritance; }
  std::string text = value;
  unsetenv(kInheritance);
  Handed handed;
  if (!parse_handed(text, handed)) {
    log::warn(0, "what the previous binary hands on is not understood, and is left alone: \"%s\"",
              text.c_str());
    return inheritance;
  }
  inheritance.present = true;
  for (int fd : handed.sockets) {
    bool given = std::find(handed.given.begin(), handed.given.end(), fd) != handed.given.end();
    if (!listens(fd) || !set_close_on_exec(fd, true) ||
        !inheritance.sockets.adopt(fd, given ? "given to the previous binary" : "")) {
      log::warn(0, "descriptor %d, handed on by the previous binary, is no listening socket", fd);
    }
  }
  inheritance.zones = shm::Zones::inherited(handed.zones);
  return inheritance;
}

}  // namespace sluice::os
