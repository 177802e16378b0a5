// The HTTP side of a worker: accepts connections, knows all of them, and ends them when the worker does.
#pragma once

#include <climits>
#include <memory>
#include <vector>

#include "base/list.h"
#include "base/registry.h"
#include "event/task.h"
#include "http/connection_counts.h"
#include "http/exchange.h"
#include "http/server.h"
#include "net/acceptor.h"
#include "os/worker.h"

namespace sluice::http {

struct ConnectionTag {};

// A client connection as the worker sees it.
class ServedConnection : public event::Garbage, public ListNode<ConnectionTag> {
 public:
  // Nothing of a request was received, or is owed to the client.
  virtual bool idle() const = 0;
  // The worker retires: idle connections end now, the others after their current request. `gently`: idle ones
  // may stay for a moment, so that a request that is on its way is answered (RFC 9112 9.6).
  virtual void retire(bool gently) = 0;
  // If it became a tunnel, it ends now.
  virtual void end_tunnel() = 0;
  // Ends at once.
  virtual void stop() = 0;
};

struct Service {
  os::Worker& worker;
  const conf::Config& config;
  List<ServedConnection, ConnectionTag> connections;
  uint32_t connection_count = 0;
  uint64_t next_number = 1;  // of connections
  ConnectionCounts counts;
  bool retiring = false;
  // Descriptors from this number on are kept for origins and files: idle connections make room before they
  // are all gone.
  int scarce_from = INT_MAX;
  // Whether the connections of this client are logged at debug level.
  bool debugs(const sockaddr* peer) const;
  std::vector<std::unique_ptr<net::Acceptor>> acceptors;
};

// How a fresh connection begins; chosen by what its port speaks.
struct ProtocolRow {
  const char* name;
  void (*start)(Service& service, int fd, const sockaddr* peer, socklen_t length, const Port& port);
};
using ProtocolRegistration = Registry<const ProtocolRow>::Entry;

}  // namespace sluice::http
