// Servers, locations and the addresses they are reached by: what a configuration's http block becomes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/registry.h"
#include "conf/build.h"
#include "http/content.h"
#include "http/filter.h"
#include "http/location_tree.h"
#include "http/server_names.h"
#include "http/step.h"
#include "net/address.h"

namespace sluice::http {

struct CoreSettings;
struct Location;

struct Location {
  std::string name;  // as written: "/images/", "~ \.php$", "@fallback"; empty for a server's own level
  const conf::Settings* settings = nullptr;
  const CoreSettings* core = nullptr;
  const Content* content = nullptr;
  std::vector<const Step*> steps;  // rewrite … precontent
  // Of these the ones that only a client's own request passes: preaccess and access.
  uint32_t guards_begin = 0, guards_end = 0;
  std::vector<const Filter*> filters;  // by stage
  std::unique_ptr<LocationTree<Location>> nested;
  // Regex captures that become variables.
  std::vector<std::pair<const conf::Variable*, int>> name_captures;
  enum class Kind : uint8_t { server, prefix, exact, regex, named, unnamed } kind = Kind::prefix;
  conf::Position at;
};

struct Server {
  std::string name;  // the first name, "" when there is none: $server_name
  std::vector<std::string> names;
  const conf::Settings* settings = nullptr;
  Location root;  // what serves where no location matches
  LocationTree<Location> locations;
  std::vector<const Step*> steps;  // server_rewrite
  // Regex captures of server_name become variables of these names.
  std::vector<std::pair<const conf::Variable*, int>> name_captures;
  conf::Position at;
};

// One address and port: its servers by name.
struct Port {
  net::Address address;
  Server* default_server = nullptr;
  ServerNames<Server> names;
  bool one_server = true;  // no lookup needed
  bool wildcard = false;
  // Options that hold for the address.
  bool ssl = false;
  bool http2 = false;
  bool proxy_protocol = false;
};

// Defaults that depend on more than a member's initialiser (paths below the prefix): applied before the http
// block's own directives; check() runs after them and before any server is built from them.
struct HttpDefaultsRow {
  void (*apply)(conf::Build& build, conf::Scope& http);
  void (*check)(conf::Build& build, conf::Scope& http);
};
using HttpDefaultsRegistration = Registry<const HttpDefaultsRow>::Entry;

// Everything the http block made, found by the worker and by other features.
struct Servers {
  std::vector<Server*> all;
  std::vector<Port*> ports;
};
Servers* servers_of(const conf::Config& config);

// Called for every server and location before its directives are read: for what a block changes without
// saying anything.
struct BlockRow {
  void (*begin)(conf::Scope& scope);
};
using BlockRegistration = Registry<const BlockRow>::Entry;

// Called for every server and location once its block was read: to complete or
// to check what its directives say together.
struct SettledRow {
  const char* name;
  void (*settled)(conf::Build& build, const conf::Settings& settings);
};
using SettledRegistration = Registry<const SettledRow>::Entry;

}  // namespace sluice::http
