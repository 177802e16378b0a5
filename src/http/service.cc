#include "http/service.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "base/occasional.h"
#include "http/request.h"
#include "os/settings.h"
#include "upstream/all_groups.h"

namespace sluice::http {

namespace {

// One listening address of this worker.
struct Listening {
  Service* service;
  const os::ListenSpec* spec;
};

// One, and in a process without a master those that reloads have replaced.
// They outlive everything, as connections that the end cut short point to them.
std::vector<Service*>& services = *new std::vector<Service*>;
std::vector<std::unique_ptr<Listening>> listening;

Service* service_of(const os::Worker& worker) {
  auto at = std::find_if(services.begin(), services.end(),
                         [&](const Service* one) { return &one->worker == &worker; });
  return at == services.end() ? nullptr : *at;
}

const ProtocolRow* protocol() {
  static const ProtocolRow* first = [] {
    const ProtocolRow* found = nullptr;
    Registry<const ProtocolRow>::each([&](const ProtocolRow& row) { found = &row; });
    return found;
  }();
  return first;
}

// The least valuable connection goes when the worker has no more to give: the idle one that was used least
// recently. Busy ones that stand before it move to the end, so that a look at some is enough, and each finds
// what the one before it did not reach. False: none was found.
bool end_an_idle_one(Service& service) {
  constexpr int kLooks = 64;
  for (int i = 0; i < kLooks; ++i) {
    ServedConnection* first = service.connections.front();
    if (first == nullptr) { return false; }
    service.connections.push_back(first);
    if (first->idle()) {
      first->stop();
      return true;
    }
  }
  return false;
}

bool make_room(Service& service) {
  return service.connection_count < service.worker.connection_limit || end_an_idle_one(service);
}

// Descriptors run out: what nobody uses gives its own back. Connections end with the loop's turn, so there is
// one for the next who asks.
void make_descriptors(Service& service, int how_many) {
  static Occasional line;
  if (line.due()) {
    log::warn(0, "file descriptors run short, idle connections are closed; see worker_rlimit_nofile");
  }
  while (how_many > 0 && end_an_idle_one(service)) { --how_many; }
  if (how_many == 0) { return; }
  if (auto* groups = service.config.find<upstream::AllGroups>("all groups")) { groups->drop_idle(); }
}

void starved(void* context) {
  constexpr int kSome = 32;
  make_descriptors(*static_cast<Listening*>(context)->service, kSome);
}

void log_accept(const Service& service, int fd, const sockaddr* peer, socklen_t length) {
  if (!log::main_log().on(log::Level::debug) && !service.debugs(peer)) { return; }
  log::Log all = log::main_log().debugging();
  std::string from = length > sizeof(sa_family_t) ? net::Address(peer, length).text() : "unix:";
  log::write(all, log::Level::debug, nullptr, 0, "*%llu accept: %s fd:%d",
             static_cast<unsigned long long>(service.next_number), from.c_str(), fd);
}

void accepted(void* context, int fd, const sockaddr* peer, socklen_t length) {
  auto* from = static_cast<Listening*>(context);
  Service& service = *from->service;
  service.counts.accepted.add();
  if (!make_room(service)) {
    static Occasional line;
    if (line.due()) {
      log::alert(0, "%u worker_connections are not enough, %llu connections closed",
                 service.worker.connection_limit, static_cast<unsigned long long>(line.times()));
    }
    ::close(fd);
    return;
  }
  // The next ones get the low numbers that this frees, which tell nothing: so the more, the higher it is.
  if (fd >= service.scarce_from) [[unlikely]] {
    make_descriptors(service, 2 + 4 * (fd - service.scarce_from));
  }
  if (log::debug_wanted) [[unlikely]] { log_accept(service, fd, peer, length); }
  const os::ListenSpec* spec = from->spec;
  if (!spec->folded.empty()) {
    sockaddr_storage local{};
    socklen_t local_length = sizeof local;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &local_length) == 0) {
      spec = &spec->meant(reinterpret_cast<sockaddr*>(&local));
    }
  }
  protocol()->start(service, fd, peer, length, *static_cast<const Port*>(spec->service));
}

bool is_ours(const os::ListenSpec& spec, const Servers& servers) {
  for (const Port* port : servers.ports) {
    if (spec.service == port) { return true; }
  }
  return false;
}

// The last eighth of what the process may have.
int scarce_from() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur > INT_MAX) { return INT_MAX; }
  return static_cast<int>(files.rlim_cur - files.rlim_cur / 8);
}

void start(os::Worker& worker) {
  const Servers* servers = servers_of(worker.config);
  if (servers == nullptr) { return; }
  // Numbers of connections go on: a log must not show one twice.
  uint64_t number = services.empty() ? 1 : services.back()->next_number;
  auto* current = new Service{worker, worker.config, {}, 0, number, {}, false, INT_MAX, {}};
  services.push_back(current);
  current->counts.open(worker);
  current->scarce_from = scarce_from();
  bool all = os::event_settings(worker.config).multi_accept;
  for (const os::Listener& listener : worker.listeners) {
    if (listener.spec->type != SOCK_STREAM || !is_ours(*listener.spec, *servers)) { continue; }
    listening.push_back(std::make_unique<Listening>(Listening{current, listener.spec}));
    current->acceptors.push_back(
        std::make_unique<net::Acceptor>(listener.fd, all, accepted, starved, listening.back().get()));
  }
}

template <class Act>
void each_connection(Service& service, Act act) {
  ServedConnection* next = nullptr;
  for (ServedConnection* at = service.connections.front(); at != nullptr; at = next) {
    next = service.connections.next(at);
    act(*at);
  }
}

void retire(os::Worker& worker) {
  Service* service = service_of(worker);
  if (service == nullptr) { return; }
  service->retiring = true;
  // Who waits in the queue of a socket that nobody else has may have sent a request already.
  for (auto& acceptor : service->acceptors) { acceptor->drain(); }
  service->acceptors.clear();
  bool gently = worker.gently;
  each_connection(*service, [gently](ServedConnection& connection) { connection.retire(gently); });
  if (worker.in_haste) {
    each_connection(*service, [](ServedConnection& connection) { connection.end_tunnel(); });
  }
}

size_t busy() {
  size_t connections = 0;
  for (const Service* service : services) { connections += service->connection_count; }
  return connections;
}

void stop(os::Worker& worker) {
  Service* service = service_of(worker);
  if (service == nullptr) { return; }
  service->acceptors.clear();
  each_connection(*service, [](ServedConnection& connection) { connection.stop(); });
  if (auto* groups = worker.config.find<upstream::AllGroups>("all groups")) { groups->drop_idle(); }
}

const os::ServiceRow row("http", start, retire, busy, stop, nullptr);

}  // namespace

bool Service::debugs(const sockaddr* peer) const {
  const auto& chosen = os::event_settings(config).debug_connections;
  return std::any_of(chosen.begin(), chosen.end(), [&](const auto& network) { return network.covers(peer); });
}

}  // namespace sluice::http
