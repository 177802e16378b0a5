#include "upstream/all_groups.h"

#include "base/text.h"

namespace sluice::upstream {

namespace {

// Implicit groups are told apart by port, upstream blocks have none.
std::string key_of(std::string_view authority, uint16_t default_port) {
  auto parts = net::split_authority(authority, default_port);
  if (!parts || parts->host.starts_with("unix:")) { return std::string(authority); }
  return to_lower(parts->host) + ' ' + std::to_string(parts->port);
}

}  // namespace

void AllGroups::add(Group* group) {
  groups_.push_back(group);
  by_name_.emplace(to_lower(group->name), group);
}

void AllGroups::add_implicit(Group* group, std::string_view authority, uint16_t default_port) {
  groups_.push_back(group);
  by_name_.emplace(key_of(authority, default_port), group);
}

Group* AllGroups::find(std::string_view authority, uint16_t default_port) const {
  auto at = by_name_.find(to_lower(authority));
  if (at == by_name_.end()) { at = by_name_.find(key_of(authority, default_port)); }
  return at == by_name_.end() ? nullptr : at->second;
}

AllGroups::Made& AllGroups::made(std::string key) {
  auto at = made_.find(key);
  if (at == made_.end()) {
    if (made_.size() >= kMostMade) { made_.erase(std::string(recent_.back()->key)); }
    at = made_.try_emplace(key).first;
    at->second.key = std::move(key);
  }
  recent_.push_front(&at->second);
  return at->second;
}

MadeGroup AllGroups::make(std::string_view name, const std::vector<net::Address>& addresses) {
  auto group = std::make_shared<Group>();
  group->name = name;
  group->implicit = true;
  for (const net::Address& address : addresses) {
    auto peer = std::make_unique<Peer>();
    peer->name = address.text();
    peer->host = name;
    peer->address = address;
    group->peers.push_back(std::move(peer));
  }
  group->finish();
  return group;
}

MadeGroup AllGroups::for_address(std::string_view authority, uint16_t default_port) {
  auto address = net::Address::parse(authority, default_port);
  if (!address) { return nullptr; }
  Made& entry = made(key_of(authority, default_port));
  if (entry.group == nullptr) { entry.group = make(authority, {*address}); }
  return entry.group;
}

MadeGroup AllGroups::for_name(std::string_view authority, uint16_t port, const Addresses& addresses) {
  Made& entry = made(key_of(authority, port));
  if (entry.group == nullptr || entry.addresses != addresses) {
    std::vector<net::Address> with_port = *addresses;
    for (net::Address& address : with_port) { address.set_port(port); }
    entry.group = make(authority, with_port);
    entry.addresses = addresses;
  }
  return entry.group;
}

void AllGroups::drop_idle() {
  for (Group* group : groups_) { group->drop_idle(); }
  for (auto& [key, entry] : made_) { entry.group->drop_idle(); }
}

}  // namespace sluice::upstream
