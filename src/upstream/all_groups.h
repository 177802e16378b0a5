// Every group of a configuration, and those made at run time for a proxy_pass with variables.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/list.h"
#include "net/address.h"
#include "upstream/group.h"

namespace sluice::upstream {

// A group made for what a request named. Requests share it; it leaves the table when it is not used for long
// or its addresses changed, and lives on until the last request that chose it has ended.
using MadeGroup = std::shared_ptr<Group>;
// What a name stood for when it was resolved; the same object as long as that did not change.
using Addresses = std::shared_ptr<const std::vector<net::Address>>;

class AllGroups {
 public:
  static constexpr size_t kMostMade = 1000;

  void add(Group* group);
  void add_implicit(Group* group, std::string_view authority, uint16_t default_port);
  const std::vector<Group*>& all() const { return groups_; }

  // The upstream block of that name, or the group that a proxy_pass without variables names so; else null.
  Group* find(std::string_view authority, uint16_t default_port) const;
  // The group for a numeric address or a unix socket; null when it is neither.
  MadeGroup for_address(std::string_view authority, uint16_t default_port);
  // The group of the servers behind a name; their ports are set to `port`.
  MadeGroup for_name(std::string_view authority, uint16_t port, const Addresses& addresses);
  // Closes all idle connections: the worker ends.
  void drop_idle();

 private:
  struct Made : public ListNode<> {
    std::string key;
    Addresses addresses;  // null: made for an address
    MadeGroup group;
  };
  Made& made(std::string key);
  static MadeGroup make(std::string_view name, const std::vector<net::Address>& addresses);

  std::vector<Group*> groups_;
  std::unordered_map<std::string, Group*> by_name_;
  std::unordered_map<std::string, Made> made_;
  List<Made> recent_;  // most recently used first
};

}  // namespace sluice::upstream
