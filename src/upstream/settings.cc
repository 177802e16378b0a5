// The `upstream` block and what stands in it.
#include <algorithm>

#include "base/text.h"
#include "conf/build.h"
#include "os/zones.h"
#include "upstream/all_groups.h"

namespace sluice::upstream {

namespace {

using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using conf::Word;

// Carries nothing: the rows act on the Group in scope.object.
struct UpstreamSettings {};

std::string realm_of(const Scope& scope) {
  return (scope.context() & (conf::kStream | conf::kStreamUpstream | conf::kStreamServer)) != 0 ? "stream"
                                                                                                : "http";
}

Group& group_of(Scope& scope) { return *static_cast<Group*>(scope.object); }

void set_upstream(Build& build, Scope& scope, const Node& node, const Row&) {
  std::string realm = realm_of(scope);
  const std::string& name = node.argument(0);
  if (find_group(build, realm, name) != nullptr) {
    build.error(node.argument_word(0), "duplicate upstream \"" + name + "\"");
    return;
  }
  Group* group = build.shared<Group>(realm + " upstream", to_lower(name));
  group->name = name;
  build.shared<AllGroups>("all groups", "")->add(group);
  Scope inner(build, realm == "http" ? conf::kUpstream : conf::kStreamUpstream, &scope);
  inner.object = group;
  build.children(inner, node);
  if (group->peers.empty()) {
    bool told = std::any_of(node.children.begin(), node.children.end(),
                            [](const Node& child) { return child.name() == "server"; });
    if (!told) { build.error(node.words[0], "no servers are inside upstream"); }
    return;
  }
  bool any_primary = false;
  for (const auto& peer : group->peers) { any_primary = any_primary || !peer->backup; }
  if (!any_primary) { build.error(node.words[0], "no servers in upstream \"" + name + "\" but backup ones"); }
  group->finish();
}

bool number_parameter(Build& build, const Word& word, std::string_view name, uint32_t& out, uint32_t least) {
  if (!std::string_view(word.text).starts_with(std::string(name) + "=")) { return false; }
  auto value = conf::parse_number(std::string_view(word.text).substr(name.size() + 1));
  if (!value || *value < least || *value > 1'000'000'000) {
    build.error(word, "invalid parameter \"" + word.text + "\"",
                std::string(name) + " takes a number" + (least > 0 ? " of at least 1" : ""));
  } else {
    out = static_cast<uint32_t>(*value);
  }
  return true;
}

bool apply_parameter(Build& build, const Word& word, Peer& peer) {
  if (number_parameter(build, word, "weight", peer.weight, 1) ||
      number_parameter(build, word, "max_fails", peer.max_fails, 0) ||
      number_parameter(build, word, "max_conns", peer.max_conns, 0)) {
    return true;
  }
  if (word.text == "backup") { return peer.backup = true; }
  if (word.text == "down") { return peer.down = true; }
  return build.seconds_parameter(word, "fail_timeout", peer.fail_timeout);
}

void add_peers(Group& group, const Peer& model, const std::string& host,
               const std::vector<net::Address>& addresses) {
  for (const net::Address& address : addresses) {
    auto peer = std::make_unique<Peer>();
    peer->name = address.text();
    peer->host = host;
    peer->address = address;
    peer->weight = model.weight;
    peer->max_fails = model.max_fails;
    peer->fail_timeout = model.fail_timeout;
    peer->max_conns = model.max_conns;
    peer->backup = model.backup;
    peer->down = model.down;
    group.peers.push_back(std::move(peer));
  }
}

std::vector<net::Address> addresses_of(Build& build, const Word& where, std::string_view authority,
                                       uint16_t port) {
  auto parts = net::split_authority(authority, port);
  if (!parts) {
    build.error(where, "invalid host or port in upstream \"" + std::string(authority) + "\"");
    return {};
  }
  if (parts->numeric) {
    auto address = net::Address::parse(authority, port);
    if (!address) {
      build.error(where, "invalid address in upstream \"" + std::string(authority) + "\"");
      return {};
    }
    return {*address};
  }
  std::string reason;
  auto found = net::resolve_now(parts->host, parts->port, reason);
  if (found.empty()) {
    build.error(where, "host not found in upstream \"" + std::string(authority) + "\"", reason);
  }
  return found;
}

void set_server(Build& build, Scope& scope, const Node& node, const Row&) {
  Group& group = group_of(scope);
  Peer model;
  for (size_t i = 1; i < node.argument_count(); ++i) {
    if (!apply_parameter(build, node.argument_word(i), model)) {
      build.error(node.argument_word(i), "invalid parameter \"" + node.argument(i) + "\"",
                  "a server takes weight=, max_conns=, max_fails=, fail_timeout=, backup and down");
    }
  }
  bool stream = scope.context() == conf::kStreamUpstream;
  auto parts = net::split_authority(node.argument(0), 0);
  if (stream && parts && parts->port == 0 && !parts->host.starts_with("unix:")) {
    build.error(node.argument_word(0), "no port in upstream \"" + node.argument(0) + "\"");
    return;
  }
  add_peers(group, model, node.argument(0),
            addresses_of(build, node.argument_word(0), node.argument(0), stream ? 0 : 80));
}

void set_zone(Build& build, Scope& scope, const Node& node, const Row& row) {
  const std::string& name = node.argument(0);
  conf::Size size{0};
  if (node.argument_count() > 1) {
    auto given = conf::parse_size(node.argument(1));
    if (!given) {
      conf::invalid_value(build, node, 1, row, conf::ValueOf<conf::Size>::expected);
      return;
    }
    size = *given;
    std::string wrong = shm::Zone::check({&kUpstreamKind, name, size.bytes});
    if (!wrong.empty()) {
      build.error(node.argument_word(1), "zone \"" + name + "\" cannot be made", wrong);
      return;
    }
  }
  if (name.empty()) {
    conf::invalid_value(build, node, 0, row, "a name");
    return;
  }
  const char* wrong = os::zone_plan(build.config).add(kUpstreamKind, name, size.bytes);
  if (wrong != nullptr) {
    build.error(node.argument_word(1), "zone \"" + name + "\" " + wrong);
    return;
  }
  build.later([&build, name, where = node.argument_word(0)] {
    for (const shm::Spec& spec : os::zone_plan(build.config).specs) {
      if (spec.kind == &kUpstreamKind && spec.name == name && spec.size == 0) {
        build.error(where, "zone \"" + name + "\" has no size", "give it one here or in another upstream");
      }
    }
  });
  group_of(scope).zone = name;
}

void set_keepalive(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto count = conf::parse_number(node.argument(0));
  if (!count || *count > 1'000'000) {
    conf::invalid_value(build, node, 0, row, "a number of connections");
    return;
  }
  if (node.argument_count() > 1 && node.argument(1) != "local") {
    build.error(node.argument_word(1), "invalid parameter \"" + node.argument(1) + "\"",
                "only \"local\" may follow");
    return;
  }
  group_of(scope).keepalive.connections = static_cast<uint32_t>(*count);
}

void set_keepalive_requests(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto count = conf::parse_number(node.argument(0));
  if (!count || *count == 0) {
    conf::invalid_value(build, node, 0, row, "a number of requests");
    return;
  }
  group_of(scope).keepalive.requests = static_cast<uint32_t>(std::min<uint64_t>(*count, UINT32_MAX));
}

template <uint64_t KeepaliveSettings::*member>
void set_keepalive_time(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto time = conf::parse_milliseconds(node.argument(0));
  if (!time) {
    conf::invalid_value(build, node, 0, row, "a time such as 60s");
    return;
  }
  group_of(scope).keepalive.*member = time->count;
}

constexpr uint32_t kInUpstream = conf::kUpstream;

const conf::Module<UpstreamSettings> module(
    "upstream",
    {
        conf::Module<UpstreamSettings>::RowSpec(
            "upstream", conf::kHttp | conf::kStream, conf::arguments(1), set_upstream, "name",
            "Defines a group of servers that proxy_pass can name. Servers may listen "
            "on different ports, and on TCP and UNIX-domain sockets mixed.")
            .block()
            .repeating(),
        conf::Module<UpstreamSettings>::RowSpec("server", conf::kUpstream | conf::kStreamUpstream,
                                                conf::arguments(1, conf::kAny), set_server,
                                                "address [weight=number] [max_conns=number] "
                                                "[max_fails=number] [fail_timeout=time] [backup] [down]",
                                                "A server of the group: a name or address with an optional "
                                                "port (80 in http), or unix:path. A name that has "
                                                "several addresses is several servers. weight (1) is its "
                                                "share; after max_fails (1) failures within "
                                                "fail_timeout (10s) it is left out for fail_timeout; "
                                                "max_conns (0, unlimited) bounds its simultaneous "
                                                "connections, of all workers together when the group has a "
                                                "zone, else per worker; backup servers serve only when all "
                                                "others are unavailable; down marks it as "
                                                "permanently unavailable.")
            .repeating(),
        {"zone", conf::kUpstream | conf::kStreamUpstream, conf::arguments(1, 2), set_zone, "name [size]",
         "Shared memory in which the workers keep together what they know of the servers: failures, and the "
         "connections that max_conns counts. It survives a reload and a change of the binary. Several groups "
         "may "
         "share a zone; the size is given once. Without a zone each worker keeps its own."},
        {"keepalive", kInUpstream, conf::arguments(1, 2), set_keepalive, "connections [local]",
         "Idle connections to the servers of this group that each worker keeps for later requests. When it "
         "is exceeded, "
         "the least recently used one is closed. 0 keeps none.",
         "32"},
        {"keepalive_requests", kInUpstream, conf::arguments(1), set_keepalive_requests, "number",
         "Requests sent over one kept-alive connection before it is closed.", "1000"},
        {"keepalive_time", kInUpstream, conf::arguments(1), set_keepalive_time<&KeepaliveSettings::time>,
         "time", "Age at which a kept-alive connection is closed after its current request.", "1h"},
        {"keepalive_timeout", kInUpstream, conf::arguments(1),
         set_keepalive_time<&KeepaliveSettings::timeout>, "timeout",
         "Time an idle connection to a server stays open.", "60s"},
    },
    conf::Inherit::no);

}  // namespace

Group* find_group(Build& build, const std::string& realm, const std::string& name) {
  return build.find<Group>(realm + " upstream", to_lower(name));
}

Group* implicit_group(Build& build, const std::string& realm, const Word& where, std::string_view authority,
                      uint16_t default_port) {
  std::string key = to_lower(authority) + " " + std::to_string(default_port);
  Group* group = build.find<Group>(realm + " implicit", key);
  if (group != nullptr) { return group; }
  auto addresses = addresses_of(build, where, authority, default_port);
  if (addresses.empty()) { return nullptr; }
  group = build.shared<Group>(realm + " implicit", key);
  group->name = authority;
  group->implicit = true;
  build.shared<AllGroups>("all groups", "")->add_implicit(group, authority, default_port);
  add_peers(*group, Peer{}, std::string(authority), addresses);
  group->finish();
  return group;
}

}  // namespace sluice::upstream
