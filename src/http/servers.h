// While a configuration is built: servers and ports before all of them are known. Private to the files that
// build them.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "conf/build.h"
#include "http/server.h"
#include "os/listeners.h"

namespace sluice::http {

struct PortDraft {
  Port port;
  os::ListenSpec* spec = nullptr;
  std::vector<Server*> servers;
};
struct PortDrafts {
  std::vector<PortDraft*> ports;
};

struct ServerDraft {
  struct Name {
    std::string name;
    const conf::Regex* regex;
    conf::Word where;
  };
  Server* server;
  bool listens = false;
  std::vector<Name> names;
};
struct ServerDrafts {
  std::vector<ServerDraft*> all;
  std::unordered_map<const void*, ServerDraft*> by_server;
};
ServerDraft& draft_of(conf::Build& build, const void* server);

// The one object of this kind in a configuration.
template <class T>
T& only(conf::Build& build, const char* kind) {
  return *build.shared<T>(kind, "");
}

// Blocks of a location that are locations without a name: `if`, `limit_except`. They inherit all of it, its
// content included. Begun before their directives are read, settled after.
Location& begin_unnamed(conf::Scope& inner, const conf::Scope& outer, const conf::Node& node);
// The same for a block that stands for the location, or in a server for "location /": what may stand in that
// one may stand in it.
Location& begin_route(conf::Scope& inner, const conf::Scope& outer, const conf::Node& node);
void settle_unnamed(const conf::Scope& inner, const conf::Scope& outer, Location& location);

// The listen directive.
void set_listen(conf::Build& build, conf::Scope& scope, const conf::Node& node, const conf::Row& row);
// What a server without listen gets: *:80, or *:8000 without privileges.
void add_default_listen(conf::Build& build, Server& server);

}  // namespace sluice::http
