#include "os/listen_socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/log.h"

namespace sluice::os {

namespace {

void set(int fd, int level, int name, int value, const char* shown, const ListenSpec& spec) {
  if (setsockopt(fd, level, name, &value, sizeof value) != 0) {
    log::alert(errno, "setsockopt(%s, %d) for %s failed, ignored", shown, value, spec.text.c_str());
  }
}
#define SLUICE_SET(level_, name_, value_) set(fd, level_, name_, value_, #name_, spec)

void set_buffers(int fd, const ListenSpec& spec) {
  if (spec.options.rcvbuf > 0) { SLUICE_SET(SOL_SOCKET, SO_RCVBUF, spec.options.rcvbuf); }
  if (spec.options.sndbuf > 0) { SLUICE_SET(SOL_SOCKET, SO_SNDBUF, spec.options.sndbuf); }
}

void set_keepalive(int fd, const ListenSpec& spec) {
  const ListenOptions& options = spec.options;
  if (options.keepalive == ListenOptions::KeepAlive::unset) { return; }
  SLUICE_SET(SOL_SOCKET, SO_KEEPALIVE, options.keepalive == ListenOptions::KeepAlive::on ? 1 : 0);
  if (options.keepidle > 0) { SLUICE_SET(IPPROTO_TCP, TCP_KEEPIDLE, options.keepidle); }
  if (options.keepintvl > 0) { SLUICE_SET(IPPROTO_TCP, TCP_KEEPINTVL, options.keepintvl); }
  if (options.keepcnt > 0) { SLUICE_SET(IPPROTO_TCP, TCP_KEEPCNT, options.keepcnt); }
}

const char* path_of(const sockaddr_storage& address) {
  return address.ss_family == AF_UNIX ? reinterpret_cast<const sockaddr_un&>(address).sun_path : nullptr;
}

// A file left by a server that was killed would make every start fail until a person removes it. Nobody
// accepting behind it shows that it is such a file.
void remove_stale_file(const ListenSpec& spec) {
  const char* path = path_of(spec.address);
  struct stat about {};
  if (path == nullptr || lstat(path, &about) != 0 || !S_ISSOCK(about.st_mode)) { return; }
  int fd = socket(AF_UNIX, spec.type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) { return; }
  if (connect(fd, spec.socket_address(), spec.length) != 0 && errno == ECONNREFUSED) { unlink(path); }
  close(fd);
}

int make_socket(const ListenSpec& spec) {
  int family = spec.address.ss_family;
  int fd = socket(family, spec.type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) {
    int sys = errno;
    log::emerg(sys, "socket() %s failed", spec.text.c_str());
    return -sys;
  }
  if (spec.type == SOCK_STREAM && family != AF_UNIX) {
    SLUICE_SET(SOL_SOCKET, SO_REUSEADDR, 1);
    // Accepted connections have it from here: no call for each of them.
    SLUICE_SET(IPPROTO_TCP, TCP_NODELAY, 1);
  }
  if (spec.options.reuseport) { SLUICE_SET(SOL_SOCKET, SO_REUSEPORT, 1); }
  if (family == AF_INET6) { SLUICE_SET(IPPROTO_IPV6, IPV6_V6ONLY, spec.options.ipv6only ? 1 : 0); }
  set_buffers(fd, spec);
  return fd;
}

int fail(int fd, const char* call, const ListenSpec& spec) {
  int sys = errno;
  log::emerg(sys, "%s to %s failed", call, spec.text.c_str());
  close(fd);
  return -sys;
}

}  // namespace

void apply_options(int fd, const ListenSpec& spec, bool again) {
  const ListenOptions& options = spec.options;
  bool tcp = spec.type == SOCK_STREAM && spec.address.ss_family != AF_UNIX;
  if (again) {
    set_buffers(fd, spec);
    // So that further sockets may join it.
    if (options.reuseport) { SLUICE_SET(SOL_SOCKET, SO_REUSEPORT, 1); }
  }
  if (tcp) {
    set_keepalive(fd, spec);
    if (options.fastopen >= 0) { SLUICE_SET(IPPROTO_TCP, TCP_FASTOPEN, options.fastopen); }
    if (options.deferred || again) { SLUICE_SET(IPPROTO_TCP, TCP_DEFER_ACCEPT, options.deferred ? 1 : 0); }
  }
  if (again && spec.type == SOCK_STREAM) { listen(fd, options.backlog); }
}

int open_listening(const ListenSpec& spec) {
  remove_stale_file(spec);
  int fd = make_socket(spec);
  if (fd < 0) { return fd; }
  if (bind(fd, spec.socket_address(), spec.length) != 0) { return fail(fd, "bind()", spec); }
  // Who may connect is a matter of the folder's permissions, as the workers' user is not the master's.
  if (const char* path = path_of(spec.address); path != nullptr) { chmod(path, 0666); }
  apply_options(fd, spec, false);
  if (spec.type == SOCK_STREAM && listen(fd, spec.options.backlog) != 0) {
    return fail(fd, "listen()", spec);
  }
  return fd;
}

namespace {
// Binding would take the place of a socket that is served, so only whether there could be one is looked at.
bool test_unix(const ListenSpec& spec) {
  const char* path = path_of(spec.address);
  if (path == nullptr) { return true; }
  const char* slash = strrchr(path, '/');
  std::string folder = slash == nullptr ? "." : std::string(path, static_cast<size_t>(slash - path) + 1);
  bool good = access(folder.c_str(), W_OK | X_OK) == 0;
  if (!good) { log::emerg(errno, "bind() to %s failed", spec.text.c_str()); }
  return good;
}
}  // namespace

bool test_binding(const ListenSpec& spec) {
  if (spec.address.ss_family == AF_UNIX) { return test_unix(spec); }
  int fd = make_socket(spec);
  if (fd < 0) { return false; }
  bool good = bind(fd, spec.socket_address(), spec.length) == 0 || errno == EADDRINUSE;
  if (!good) { log::emerg(errno, "bind() to %s failed", spec.text.c_str()); }
  close(fd);
  return good;
}

namespace {
void remove_file_of(const sockaddr_storage& address) {
  const char* path = path_of(address);
  if (path != nullptr && unlink(path) != 0 && errno != ENOENT) {
    log::alert(errno, "unlink() \"%s\" failed", path);
  }
}
}  // namespace

void remove_socket_file(const ListenSpec& spec) { remove_file_of(spec.address); }

void remove_socket_file(const Socket& socket) {
  // One that was given stays for the next start.
  if (socket.given.empty()) { remove_file_of(socket.address); }
}

}  // namespace sluice::os
