#include "net/resolver.h"

#include <ares.h>
#include <netdb.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "event/socket.h"

namespace sluice::net {

namespace {

constexpr int kFirstTryMs = 1000;  // c-ares doubles it for each round over the servers
constexpr int kTries = 4;
constexpr uint64_t kShortestMs = 1000;  // an answer of TTL 0 must not cost a question per request
constexpr uint64_t kLongestMs = 24 * 3600'000;
constexpr uint64_t kFailureMs = 1000;

// As name servers number their answers, for the log.
Resolved failure(int status) {
  switch (status) {
    case ARES_EFORMERR:
      return {nullptr, "Format error", 1};
    case ARES_ESERVFAIL:
      return {nullptr, "Server failure", 2};
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_EBADNAME:
      return {nullptr, "Host not found", 3};
    case ARES_ENOTIMP:
      return {nullptr, "Unimplemented", 4};
    case ARES_EREFUSED:
      return {nullptr, "Operation refused", 5};
    case ARES_ETIMEOUT:
      return {nullptr, "Operation timed out", ETIMEDOUT};
    default:  // ARES_ECONNREFUSED among them: every server answered with a failure of its own, or none is
              // there
      return {nullptr, "Server failure", 2};
  }
}

bool less(const Address& a, const Address& b) {
  return a.family() != b.family() ? a.family() < b.family() : a.binary() < b.binary();
}

}  // namespace

struct Resolver::Entry : ListNode<> {
  std::string name;
  Resolved answer;
  SharedAddresses last;  // of the last success, so that an unchanged answer is the same object
  uint64_t expires = 0;  // clock::now()
  bool asking = false;
  List<Waiter> waiters;
};

// c-ares on our loop: it says which descriptors matter, we say when they are ready and when time has passed.
class Resolver::Channel {
 public:
  explicit Channel(Resolver& owner) : owner_(owner), alarm_(on_time, this) {}
  ~Channel() {
    closing_ = true;
    if (channel_ != nullptr) { ares_destroy(channel_); }
  }

  bool open();
  void ask(const EntryRef& entry);
  bool closing() const { return closing_; }

 private:
  // A descriptor of c-ares, watched through a duplicate: c-ares closes its own.
  struct Watch final : event::Garbage {
    event::Socket socket;
    Channel* channel = nullptr;
    ares_socket_t fd = ARES_SOCKET_BAD;
  };
  struct Question {
    Channel* channel;
    EntryRef entry;
  };

  static void on_state(void* self, ares_socket_t fd, int readable, int writable);
  static void on_ready(void* watch);
  static void on_time(void* self);
  static void on_answer(void* question, int status, int timeouts, ares_addrinfo* result);
  void take(Entry& entry, int status, const ares_addrinfo* result);
  void rearm();

  Resolver& owner_;
  ares_channel channel_ = nullptr;
  std::unordered_map<ares_socket_t, Watch*> watches_;
  event::Alarm alarm_;
  bool closing_ = false;
};

bool Resolver::Channel::open() {
  static const int initialised = ares_library_init(ARES_LIB_INIT_ALL);
  if (initialised != ARES_SUCCESS) { return false; }
  ares_options options{};
  char lookups[] = "b";  // name servers only: the hosts file is read at start, for names in the configuration
  options.lookups = lookups;
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
  options.timeout = kFirstTryMs;
  options.tries = kTries;
  options.sock_state_cb = on_state;
  options.sock_state_cb_data = this;
  int mask = ARES_OPT_LOOKUPS | ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
             ARES_OPT_SOCK_STATE_CB | ARES_OPT_ROTATE;
  if (ares_init_options(&channel_, &options, mask) != ARES_SUCCESS) {
    channel_ = nullptr;
    return false;
  }
  std::string servers;
  for (const Address& server : owner_.plan_.servers) {
    if (!servers.empty()) { servers += ','; }
    servers += server.text();
  }
  return ares_set_servers_ports_csv(channel_, servers.c_str()) == ARES_SUCCESS;
}

void Resolver::Channel::ask(const EntryRef& entry) {
  ares_addrinfo_hints hints{};
  hints.ai_flags = ARES_AI_NOSORT;
  hints.ai_family = AF_UNSPEC;
  if (!owner_.plan_.ipv4) { hints.ai_family = AF_INET6; }
  if (!owner_.plan_.ipv6) { hints.ai_family = AF_INET; }
  entry->asking = true;
  ares_getaddrinfo(channel_, entry->name.c_str(), nullptr, &hints, on_answer, new Question{this, entry});
  rearm();
}

void Resolver::Channel::on_state(void* self, ares_socket_t fd, int readable, int writable) {
  auto* channel = static_cast<Channel*>(self);
  auto at = channel->watches_.find(fd);
  if (readable == 0 && writable == 0) {
    if (at == channel->watches_.end()) { return; }
    at->second->socket.on_event(nullptr, nullptr);
    at->second->socket.close();
    at->second->channel = nullptr;
    event::Loop::current().discard(at->second);
    channel->watches_.erase(at);
    return;
  }
  if (at != channel->watches_.end()) { return; }  // both directions are watched from the start
  int copy = ::dup(fd);
  if (copy < 0) { return; }  // the question will time out
  auto* watch = new Watch;
  watch->channel = channel;
  watch->fd = fd;
  watch->socket.on_event(on_ready, watch);
  if (!watch->socket.open(copy)) {
    event::Loop::current().discard(watch);
    return;
  }
  channel->watches_.emplace(fd, watch);
}

void Resolver::Channel::on_ready(void* self) {
  auto* watch = static_cast<Watch*>(self);
  Channel* channel = watch->channel;
  // Edge-triggered: what one call leaves in the socket is not announced again. c-ares may close the socket at
  // any call; the watch lives to the end of the turn.
  constexpr int kMostRounds = 64;
  for (int round = 0; round < kMostRounds && watch->channel != nullptr; ++round) {
    ares_process_fd(channel->channel_, watch->fd, watch->fd);
    char byte;
    if (watch->channel == nullptr || ::recv(watch->socket.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0) {
      break;
    }
  }
  channel->rearm();
}

void Resolver::Channel::on_time(void* self) {
  auto* channel = static_cast<Channel*>(self);
  ares_process_fd(channel->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  channel->rearm();
}

void Resolver::Channel::rearm() {
  timeval left{};
  if (ares_timeout(channel_, nullptr, &left) == nullptr) {
    alarm_.disarm();
    return;
  }
  alarm_.in(static_cast<uint64_t>(left.tv_sec) * 1000 + static_cast<uint64_t>(left.tv_usec) / 1000 + 1);
}

void Resolver::Channel::on_answer(void* argument, int status, int, ares_addrinfo* result) {
  std::unique_ptr<Question> question(static_cast<Question*>(argument));
  // While the channel is destroyed nobody waits any more.
  if (!question->channel->closing()) { question->channel->take(*question->entry, status, result); }
  if (result != nullptr) { ares_freeaddrinfo(result); }
}

void Resolver::Channel::take(Entry& entry, int status, const ares_addrinfo* result) {
  std::vector<Address> addresses;
  uint64_t ttl = kLongestMs;
  if (status == ARES_SUCCESS && result != nullptr) {
    for (const ares_addrinfo_node* at = result->nodes; at != nullptr; at = at->ai_next) {
      Address address(at->ai_addr, at->ai_addrlen);
      if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
        addresses.push_back(address);
      }
      ttl = std::min<uint64_t>(ttl, static_cast<uint64_t>(std::max(at->ai_ttl, 0)) * 1000);
    }
    for (const ares_addrinfo_cname* at = result->cnames; at != nullptr; at = at->next) {
      ttl = std::min<uint64_t>(ttl, static_cast<uint64_t>(std::max(at->ttl, 0)) * 1000);
    }
  }
  if (addresses.empty()) {
    owner_.answered(entry, failure(status == ARES_SUCCESS ? ARES_ENODATA : status), kFailureMs);
    return;
  }
  // Name servers rotate their answers; the order says nothing about whether they changed.
  std::sort(addresses.begin(), addresses.end(), less);
  Resolved answer{std::make_shared<const std::vector<Address>>(std::move(addresses)), nullptr, 0};
  uint64_t valid = owner_.plan_.valid;
  owner_.answered(entry, std::move(answer), std::max(valid != 0 ? valid : ttl, kShortestMs));
}

Resolver::Resolver(Plan plan) : plan_(std::move(plan)) {}
Resolver::~Resolver() = default;

void Resolver::answered(Entry& entry, Resolved answer, uint64_t ttl) {
  if (answer.addresses != nullptr) {
    if (entry.last != nullptr && *entry.last == *answer.addresses) { answer.addresses = entry.last; }
    entry.last = answer.addresses;
  }
  entry.answer = std::move(answer);
  entry.expires = clock::now() + ttl;
  entry.asking = false;
  while (Waiter* waiter = entry.waiters.pop_front()) { waiter->ready.set(); }
}

// Forgets the names not asked for longest. Those being asked for stay alive through their question.
void Resolver::evict() {
  while (entries_.size() > kMostNames) {
    EntryRef oldest = entries_.at(recent_.back()->name);
    static_cast<ListNode<>&>(*oldest).unlink();
    entries_.erase(oldest->name);
  }
}

Resolver::EntryRef Resolver::find(const std::string& name) {
  EntryRef& entry = entries_[name];
  if (entry == nullptr) {
    entry = std::make_shared<Entry>();
    entry->name = name;
  }
  recent_.push_front(entry.get());
  EntryRef found = entry;
  evict();
  return found;
}

bool Resolver::known(std::string_view name, Resolved& out) {
  auto at = entries_.find(to_lower(name));
  if (at == entries_.end() || at->second->expires <= clock::now()) { return false; }
  recent_.push_front(at->second.get());
  out = at->second->answer;
  return true;
}

event::Task<Result<Resolved>> Resolver::resolve(event::Scope& scope, std::string_view name,
                                                uint64_t deadline) {
  EntryRef entry = find(to_lower(name));
  if (channel_ == nullptr) {
    channel_ = std::make_unique<Channel>(*this);
    if (!channel_->open()) {
      channel_.reset();
      co_return failure(ARES_ESERVFAIL);
    }
  }
  if (!entry->asking && entry->expires <= clock::now()) { channel_->ask(entry); }
  if (!entry->asking) { co_return entry->answer; }
  Waiter waiter;
  entry->waiters.push_back(&waiter);
  event::Wake woken = co_await event::wait(scope, deadline, waiter.ready);
  if (woken == event::Wake::canceled) {
    co_return Error{scope.why(), Side::client, Retry::no, 0, "canceled"};
  }
  if (woken == event::Wake::timeout) { co_return failure(ARES_ETIMEOUT); }
  co_return entry->answer;
}

}  // namespace sluice::net
