// Names to addresses while requests wait: asks the name servers of one `resolver` directive. Each worker has
// its own answers; one question per name is under way, whoever waits for it. Answers are kept for their time
// to live and bounded in number; failures are remembered for a second.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/list.h"
#include "base/result.h"
#include "event/task.h"
#include "event/wait.h"
#include "net/address.h"

namespace sluice::net {

using SharedAddresses = std::shared_ptr<const std::vector<Address>>;

struct Resolved {
  SharedAddresses addresses;    // ports are 0; the same object as before when a new answer says the same
  const char* error = nullptr;  // null, or why there are none
  int code = 0;                 // of the error: the DNS answer's, or ETIMEDOUT
};

class Resolver {
 public:
  struct Plan {
    std::vector<Address> servers;
    uint64_t valid = 0;  // ms that answers are kept; 0: what they say
    bool ipv4 = true;
    bool ipv6 = true;
  };
  static constexpr size_t kMostNames = 10'000;

  explicit Resolver(Plan plan);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // What is known now. False: resolve() must be asked.
  bool known(std::string_view name, Resolved& out);
  // Waits for an answer until `deadline`. An Error only when the scope was cancelled.
  event::Task<Result<Resolved>> resolve(event::Scope& scope, std::string_view name, uint64_t deadline);

 private:
  class Channel;
  struct Waiter : ListNode<> {
    event::Ready ready;
  };
  struct Entry;
  using EntryRef = std::shared_ptr<Entry>;

  EntryRef find(const std::string& name);
  void evict();
  void answered(Entry& entry, Resolved answer, uint64_t ttl);

  Plan plan_;
  std::unordered_map<std::string, EntryRef> entries_;
  List<Entry> recent_;  // most recently used first
  std::unique_ptr<Channel> channel_;
};

}  // namespace sluice::net
