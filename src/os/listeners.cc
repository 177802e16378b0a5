#include "os/listeners.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "os/listen_socket.h"

namespace sluice::os {

namespace {

const sockaddr_in& as_in(const sockaddr* a) { return *reinterpret_cast<const sockaddr_in*>(a); }
const sockaddr_in6& as_in6(const sockaddr* a) { return *reinterpret_cast<const sockaddr_in6*>(a); }
const sockaddr_un& as_un(const sockaddr* a) { return *reinterpret_cast<const sockaddr_un*>(a); }

bool is_wildcard(const sockaddr* a) {
  if (a->sa_family == AF_INET) { return as_in(a).sin_addr.s_addr == htonl(INADDR_ANY); }
  return a->sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&as_in6(a).sin6_addr);
}

uint16_t port_of(const sockaddr* a) {
  return a->sa_family == AF_INET ? as_in(a).sin_port : a->sa_family == AF_INET6 ? as_in6(a).sin6_port : 0;
}

}  // namespace

bool same_address(const sockaddr* a, const sockaddr* b) {
  if (a->sa_family != b->sa_family) { return false; }
  if (a->sa_family == AF_INET) {
    return as_in(a).sin_port == as_in(b).sin_port && as_in(a).sin_addr.s_addr == as_in(b).sin_addr.s_addr;
  }
  if (a->sa_family == AF_INET6) {
    return as_in6(a).sin6_port == as_in6(b).sin6_port && as_in6(a).sin6_scope_id == as_in6(b).sin6_scope_id &&
           memcmp(&as_in6(a).sin6_addr, &as_in6(b).sin6_addr, sizeof(in6_addr)) == 0;
  }
  return strncmp(as_un(a).sun_path, as_un(b).sun_path, sizeof(sockaddr_un::sun_path)) == 0;
}

// -- the plan -----------------------------------------------------------------------------------------

const ListenSpec& ListenSpec::meant(const sockaddr* local) const {
  for (const ListenSpec* narrower : folded) {
    if (same_address(narrower->socket_address(), local)) { return *narrower; }
  }
  return *this;
}

ListenSpec& ListenPlan::add(const sockaddr* address, socklen_t length, int type, std::string text) {
  ListenSpec& spec = specs.emplace_back();
  memcpy(&spec.address, address, std::min<size_t>(length, sizeof spec.address));
  spec.length = length;
  spec.type = type;
  spec.text = std::move(text);
  return spec;
}

ListenSpec* ListenPlan::find(const sockaddr* address, socklen_t, int type) {
  for (ListenSpec& spec : specs) {
    if (spec.type == type && same_address(spec.socket_address(), address)) { return &spec; }
  }
  return nullptr;
}

void ListenPlan::fold() {
  for (ListenSpec& wide : specs) {
    wide.folded.clear();
    if (!is_wildcard(wide.socket_address())) { continue; }
    for (ListenSpec& narrow : specs) {
      const sockaddr* address = narrow.socket_address();
      if (&narrow != &wide && !narrow.options.bind && narrow.type == wide.type &&
          address->sa_family == wide.socket_address()->sa_family && !is_wildcard(address) &&
          port_of(address) == port_of(wide.socket_address())) {
        wide.folded.push_back(&narrow);
      }
    }
  }
}

ListenPlan& listen_plan(conf::Config& config) { return *config.shared<ListenPlan>("listen plan"); }

// -- the sockets --------------------------------------------------------------------------------------

Socket::~Socket() {
  for (int fd : fds) { ::close(fd); }
}

bool Sockets::open(ListenPlan& plan, unsigned workers, const Sockets& inherited, Attempts attempts) {
  workers_ = workers;
  std::vector<const ListenSpec*> folded;
  for (const ListenSpec& spec : plan.specs) {
    folded.insert(folded.end(), spec.folded.begin(), spec.folded.end());
  }
  for (const ListenSpec& spec : plan.specs) {
    if (std::find(folded.begin(), folded.end(), &spec) == folded.end() && !take_over(spec, inherited)) {
      opened_.push_back({&spec, nullptr, 0});
    }
  }
  for (int i = 0; i < attempts.count; ++i) {
    bool try_again = false;
    if (open_missing(plan, workers, &try_again)) { return true; }
    if (!try_again) { break; }
    log::notice(0, "try again to bind() after %dms", attempts.pause);
    usleep(static_cast<useconds_t>(attempts.pause) * 1000);
    if (i + 1 == attempts.count) { log::emerg(0, "still could not bind()"); }
  }
  undo();
  return false;
}

bool Sockets::take_over(const ListenSpec& spec, const Sockets& inherited) {
  for (const Opened& before : inherited.opened_) {
    const Socket& socket = *before.socket;
    if (socket.type == spec.type &&
        same_address(reinterpret_cast<const sockaddr*>(&socket.address), spec.socket_address())) {
      before.socket->text = spec.text;
      opened_.push_back({&spec, before.socket, socket.fds.size()});
      for (int fd : socket.fds) { apply_options(fd, spec, true); }
      return true;
    }
  }
  return false;
}

bool Sockets::open_missing(const ListenPlan&, unsigned workers, bool* try_again) {
  bool complete = true;
  for (Opened& opened : opened_) {
    if (!opened.socket) {
      auto socket = std::make_shared<Socket>();
      socket->address = opened.spec->address;
      socket->length = opened.spec->length;
      socket->type = opened.spec->type;
      socket->text = opened.spec->text;
      opened.socket = std::move(socket);
    }
    size_t wanted = opened.spec->options.reuseport ? workers : 1;
    while (opened.socket->fds.size() < wanted) {
      int fd = open_listening(*opened.spec);
      if (fd < 0) {
        *try_again = *try_again || fd == -EADDRINUSE;
        if (fd != -EADDRINUSE) { return false; }
        complete = false;
        break;
      }
      opened.socket->fds.push_back(fd);
    }
  }
  return complete;
}

void Sockets::undo() {
  for (Opened& opened : opened_) {
    if (!opened.socket) { continue; }
    std::vector<int>& fds = opened.socket->fds;
    if (opened.had == 0 && !fds.empty()) { remove_socket_file(*opened.spec); }
    while (fds.size() > opened.had) {
      ::close(fds.back());
      fds.pop_back();
    }
  }
  opened_.clear();
}

bool Sockets::test(ListenPlan& plan) {
  plan.fold();
  bool good = true;
  for (const ListenSpec& spec : plan.specs) { good = test_binding(spec) && good; }
  return good;
}

bool Sockets::has(const std::shared_ptr<Socket>& socket) const {
  return std::any_of(opened_.begin(), opened_.end(),
                     [&](const Opened& mine) { return mine.socket == socket; });
}

void Sockets::add(const Sockets& others) {
  for (const Opened& other : others.opened_) {
    if (!has(other.socket)) { opened_.push_back(other); }
  }
}

void Sockets::close_others(Sockets& older) const {
  for (Opened& before : older.opened_) {
    if (!has(before.socket)) { remove_socket_file(*before.socket); }
  }
  older.opened_.clear();
}

void Sockets::replace(Sockets& older) {
  close_others(older);
  trim();
}

void Sockets::trim() {
  for (Opened& opened : opened_) {
    // Fewer workers than before: nobody would accept what arrives at the others.
    size_t wanted = opened.spec->options.reuseport ? workers_ : 1;
    std::vector<int>& fds = opened.socket->fds;
    while (fds.size() > wanted) {
      ::close(fds.back());
      fds.pop_back();
    }
    opened.had = fds.size();
  }
}

void Sockets::close(bool keep_files) {
  for (Opened& opened : opened_) {
    if (!keep_files) { remove_socket_file(*opened.socket); }
  }
  opened_.clear();
}

bool Sockets::adopt(int fd, const std::string& given) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0 || length > sizeof address ||
      getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    return false;
  }
  for (Opened& opened : opened_) {
    Socket& socket = *opened.socket;
    if (socket.type == type &&
        same_address(reinterpret_cast<sockaddr*>(&socket.address), reinterpret_cast<sockaddr*>(&address))) {
      socket.fds.push_back(fd);
      return true;
    }
  }
  auto socket = std::make_shared<Socket>();
  socket->address = address;
  socket->length = length;
  socket->type = type;
  socket->given = given;
  socket->fds = {fd};
  opened_.push_back({nullptr, std::move(socket), 1});
  return true;
}

std::vector<int> Sockets::descriptors() const {
  std::vector<int> all;
  for (const Opened& opened : opened_) {
    all.insert(all.end(), opened.socket->fds.begin(), opened.socket->fds.end());
  }
  return all;
}

std::vector<int> Sockets::given_descriptors() const {
  std::vector<int> all;
  for (const Opened& opened : opened_) {
    if (opened.socket->given.empty()) { continue; }
    all.insert(all.end(), opened.socket->fds.begin(), opened.socket->fds.end());
  }
  return all;
}

std::vector<std::string> Sockets::unused() const {
  std::vector<std::string> names;
  for (const Opened& opened : opened_) {
    if (!opened.socket->given.empty() && opened.socket.use_count() == 1) {
      names.push_back(opened.socket->given);
    }
  }
  return names;
}

std::vector<Listener> Sockets::for_worker(unsigned number) const {
  std::vector<Listener> listeners;
  for (const Opened& opened : opened_) {
    const std::vector<int>& fds = opened.socket->fds;
    listeners.push_back({opened.spec, opened.spec->options.reuseport ? fds[number % fds.size()] : fds[0]});
  }
  return listeners;
}

void Sockets::keep_only(unsigned number) {
  for (Opened& opened : opened_) {
    std::vector<int>& fds = opened.socket->fds;
    int mine = opened.spec->options.reuseport ? fds[number % fds.size()] : fds[0];
    for (int fd : fds) {
      if (fd != mine) { ::close(fd); }
    }
    fds.assign(1, mine);
  }
}

}  // namespace sluice::os
