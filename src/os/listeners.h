// Listening sockets: what a configuration wants (ListenPlan), what the master holds open (Sockets), and what
// one worker is handed (Listener). Sockets survive a reload: an address that stays keeps its descriptor, so
// that no connection waiting in its queue is lost.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "conf/build.h"

namespace sluice::os {

struct ListenOptions {
  int backlog = 511;
  bool reuseport = false;
  bool deferred = false;
  int fastopen = -1;
  int rcvbuf = 0, sndbuf = 0;
  bool ipv6only = true;
  bool bind = false;
  enum class KeepAlive : uint8_t { unset, on, off } keepalive = KeepAlive::unset;
  int keepidle = 0, keepintvl = 0, keepcnt = 0;
};

struct ListenSpec {
  sockaddr_storage address{};
  socklen_t length = 0;
  int type = SOCK_STREAM;
  ListenOptions options;
  std::string text;         // "127.0.0.1:8080", "unix:/path"
  void* service = nullptr;  // what the service put there: its own per-address table
  // Of an address such as *:80: the addresses of the same port that have no socket of their own, because
  // this one gets their connections. Filled by ListenPlan::fold().
  std::vector<ListenSpec*> folded;

  const sockaddr* socket_address() const { return reinterpret_cast<const sockaddr*>(&address); }
  // Which address a connection that came in by this one was made to: one of `folded`, or this.
  const ListenSpec& meant(const sockaddr* local) const;
};

// What a configuration wants to listen on; filled by features at build time
// (Build::shared<ListenPlan>("listen plan", "")).
struct ListenPlan {
  std::deque<ListenSpec> specs;

  ListenSpec& add(const sockaddr* address, socklen_t length, int type, std::string text);
  ListenSpec* find(const sockaddr* address, socklen_t length, int type);
  // Puts addresses without `bind` under the wildcard address of their port, as two sockets of one port would
  // be in each other's way. Called once, when the configuration is complete.
  void fold();
};
ListenPlan& listen_plan(conf::Config& config);

struct Listener {
  const ListenSpec* spec;
  int fd;  // with reuseport each worker has its own
};

bool same_address(const sockaddr* a, const sockaddr* b);

// One address that is listened on. Closes its descriptors when the last generation lets go.
struct Socket {
  Socket() = default;
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  sockaddr_storage address{};
  socklen_t length = 0;
  int type = SOCK_STREAM;
  std::string text;
  std::string given;     // how the service manager, whose socket it is, calls it; empty: it is ours
  std::vector<int> fds;  // one, or with reuseport one for each worker
};

class Sockets {
 public:
  struct Attempts {
    int count = 5;
    int pause = 500;  // milliseconds
  };

  // Opens what `plan` wants, for `workers` workers, taking over what is there of `inherited`. On failure says
  // in the log why, and leaves `inherited` as it was.
  bool open(ListenPlan& plan, unsigned workers, const Sockets& inherited, Attempts attempts);
  // Those of `others` that this has not.
  void add(const Sockets& others);
  // -t: whether the addresses could be bound. One in use is no fault of the configuration.
  static bool test(ListenPlan& plan);
  // Closes what `older` has and this has not.
  void close_others(Sockets& older) const;
  // The same, and trims; called when this generation serves.
  void replace(Sockets& older);
  // Closes sockets that fewer workers than before would leave alone. Called when this generation serves.
  void trim();
  // Closes everything, and removes the files of unix sockets unless others still use them.
  void close(bool keep_files = false);
  // Takes a listening socket of another process over, to be found by open(). False when its address cannot be
  // told.
  // One that the service manager opened has its name.
  bool adopt(int fd, const std::string& given = {});
  std::vector<int> descriptors() const;
  // Of those, the ones that the service manager opened, in the same order.
  std::vector<int> given_descriptors() const;
  // Names of those that the service manager opened and nobody has taken over.
  std::vector<std::string> unused() const;
  std::vector<Listener> for_worker(unsigned number) const;
  // In a worker: closes what other workers alone listen on.
  void keep_only(unsigned number);
  size_t size() const { return opened_.size(); }

 private:
  struct Opened {
    const ListenSpec* spec;  // null for one that was adopted
    std::shared_ptr<Socket> socket;
    size_t had;  // descriptors that it came with
  };
  bool has(const std::shared_ptr<Socket>& socket) const;
  bool take_over(const ListenSpec& spec, const Sockets& inherited);
  bool open_missing(const ListenPlan& plan, unsigned workers, bool* try_again);
  void undo();
  std::vector<Opened> opened_;
  unsigned workers_ = 0;
};

}  // namespace sluice::os
