#include "http/service.h"

#include <unistd.h>

#include "base/log.h"
#include "http/request.h"
#include "upstream/all_groups.h"

namespace sluice::http {

namespace {

// One listening address of this worker.
struct Listening {
  Service* service;
  const os::ListenSpec* spec;
};

Service* current = nullptr;
std::vector<std::unique_ptr<Listening>> listening;

const ProtocolRow* protocol() {
  static const ProtocolRow* first = [] {
    const ProtocolRow* found = nullptr;
    Registry<const ProtocolRow>::each([&](const ProtocolRow& row) { found = &row; });
    return found;
  }();
  return first;
}

// The least valuable connection goes when the worker has no more to give.
bool make_room(Service& service) {
  if (service.connection_count < service.worker.connection_limit) { return true; }
  size_t looked = 0;
  for (ServedConnection* at = service.connections.front(); at != nullptr && looked < 64;
       at = service.connections.next(at), ++looked) {
    if (!at->idle()) { continue; }
    at->stop();
    return true;
  }
  return false;
}

void accepted(void* context, int fd, const sockaddr* peer, socklen_t length) {
  auto* from = static_cast<Listening*>(context);
  Service& service = *from->service;
  if (!make_room(service)) {
    log::alert(0, "%u worker_connections are not enough", service.worker.connection_limit);
    ::close(fd);
    return;
  }
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

void start(os::Worker& worker) {
  const Servers* servers = servers_of(worker.config);
  if (servers == nullptr) { return; }
  current = new Service{worker, worker.config, {}, 0, 1, false, {}};
  for (const os::Listener& listener : worker.listeners) {
    if (listener.spec->type != SOCK_STREAM || !is_ours(*listener.spec, *servers)) { continue; }
    listening.push_back(std::make_unique<Listening>(Listening{current, listener.spec}));
    current->acceptors.push_back(
        std::make_unique<net::Acceptor>(listener.fd, accepted, listening.back().get()));
  }
}

void each_connection(void (*act)(ServedConnection&)) {
  ServedConnection* next = nullptr;
  for (ServedConnection* at = current->connections.front(); at != nullptr; at = next) {
    next = current->connections.next(at);
    act(*at);
  }
}

void retire(os::Worker&) {
  if (current == nullptr) { return; }
  current->retiring = true;
  // Who waits in the queue of a socket that nobody else has may have sent a request already.
  for (auto& acceptor : current->acceptors) { acceptor->drain(); }
  current->acceptors.clear();
  each_connection([](ServedConnection& connection) { connection.retire(); });
}

size_t busy() { return current == nullptr ? 0 : current->connection_count; }

void stop(os::Worker& worker) {
  if (current == nullptr) { return; }
  current->acceptors.clear();
  each_connection([](ServedConnection& connection) { connection.stop(); });
  auto at = worker.config.named.find(std::string("all groups") + '\0');
  if (at == worker.config.named.end()) { return; }
  static_cast<upstream::AllGroups*>(at->second)->drop_idle();
}

const os::ServiceRow row("http", start, retire, busy, stop, nullptr);

}  // namespace

}  // namespace sluice::http
