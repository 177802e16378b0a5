// server, listen, server_name: who answers when no name fits.
#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "conf/lint.h"
#include "conf/lint/names.h"

namespace sluice::conf {

namespace {

// One server of an address.
struct Listening {
  const Site* server;
  const Node* listen;
  bool is_default;
};

bool has_argument(const Node& node, std::string_view text) {
  return std::any_of(node.words.begin() + 1, node.words.end(),
                     [&](const Word& word) { return word.text == text; });
}

std::vector<std::string> names_of(const Site& server) {
  std::vector<std::string> out;
  for (const Node* node : server.all("server_name")) {
    for (size_t i = 0; i < node->argument_count(); ++i) { out.push_back(to_lower(node->argument(i))); }
  }
  return out;
}

// "80", "*:80" and "0.0.0.0:80" are one.
std::string address_of(std::string_view written) {
  bool digits = !written.empty() && written.find_first_not_of("0123456789") == std::string_view::npos;
  if (digits) { return "*:" + std::string(written); }
  if (written.starts_with("0.0.0.0")) { return "*" + std::string(written.substr(7)); }
  return std::string(written);
}

// www.example.com and example.com are one site, and so are all names of one server.
std::string site_name(std::string_view name) {
  for (std::string_view start : {"www.", "*.", "."}) {
    if (name.starts_with(start)) { return std::string(name.substr(start.size())); }
  }
  return std::string(name);
}

// The first server was not made to answer for every name.
bool names_a_site(const std::vector<std::string>& names) {
  return !names.empty() && std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return name.find('.') != std::string::npos && !name.starts_with('~');
  });
}

void check_address(const std::string& address, const std::vector<Listening>& servers, Findings& out) {
  bool chosen =
      std::any_of(servers.begin(), servers.end(), [](const Listening& it) { return it.is_default; });
  std::vector<std::string> first = names_of(*servers[0].server);
  if (chosen || servers.size() < 2 || !names_a_site(first)) { return; }
  std::set<std::string> sites;
  for (const std::string& name : first) { sites.insert(site_name(name)); }
  for (const Listening& other : servers) {
    std::vector<std::string> names = names_of(*other.server);
    bool same = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return name.starts_with('~') || sites.contains(site_name(name));
    });
    if (same || names.empty()) { continue; }
    out.warn(
        servers[0].listen->words[0],
        "requests for any other name at " + address + " are answered by this server, because it comes first",
        "say default_server at the listen that is meant, or add a server for all other names",
        {related(other.listen->words[0], "another site at this address")});
    return;
  }
}

void check_default(const Site& site, Findings& out) {
  if (!site.is("http")) { return; }
  std::map<std::string, std::vector<Listening>> addresses;
  std::vector<std::string> order;
  for (const Site* server : site.inner) {
    if (!server->is("server")) { continue; }
    for (const Node* listen : server->all("listen")) {
      if (listen->argument_count() == 0) { continue; }
      bool is_default = has_argument(*listen, "default_server") || has_argument(*listen, "default");
      std::string address = address_of(listen->argument(0));
      if (!addresses.contains(address)) { order.push_back(address); }
      addresses[address].push_back({server, listen, is_default});
    }
  }
  // IPv4 and IPv6 of one port are mostly written together: once is enough.
  std::set<const Site*> told;
  for (const std::string& address : order) {
    const std::vector<Listening>& servers = addresses[address];
    if (told.insert(servers[0].server).second) { check_address(address, servers, out); }
  }
}

void check_names(const Site& site, Findings& out) {
  if (!site.is("server")) { return; }
  for (const Node* node : site.all("server_name")) {
    for (size_t i = 0; i < node->argument_count(); ++i) {
      const Word& word = node->argument_word(i);
      if (word.text.starts_with('~')) { continue; }
      bool scheme = word.text.find("://") != std::string::npos;
      size_t colon = word.text.find(':');
      bool port = colon != std::string::npos && colon + 1 < word.text.size();
      if (!scheme && !port && word.text.find('/') == std::string::npos) { continue; }
      out.warn(word, "no request asks for a server of this name",
               scheme || !port ? "a name is only a name, such as example.com"
                               : "the port belongs to listen, the name stands alone");
    }
  }
}

void check_listen(const Site& site, Findings& out) {
  if (!site.is("server")) { return; }
  for (const Node* node : site.all("listen")) {
    if (node->argument_count() == 0) { continue; }
    const std::string& text = node->argument(0);
    bool name = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'g' && c <= 'z'; });
    if (!name || text.starts_with("unix:") || text.starts_with("localhost") ||
        text.find('[') != std::string::npos || text.find('$') != std::string::npos) {
      continue;
    }
    out.warn(node->argument_word(0),
             "the name is looked up when the server starts, which then depends on name servers",
             "write the address, or a port alone, and the name in server_name");
  }
}

const LintRule default_server{
    "default-server", "Several sites share an address and none is its default_server, so the first one is.",
    check_default};
const LintRule names{"server-name-form", "A server_name with a scheme, port or path, which no request has.",
                     check_names};
const LintRule listen{"listen-name", "listen names a host, which must be looked up to start.", check_listen};
const LintRegistration default_registered(default_server), names_registered(names), listen_registered(listen);

// Said by the build itself.
const LintRule conflicting{"conflicting-server-name",
                           "Two servers of an address have one name; the first has it.", nullptr};
const LintRule type{"duplicate-type", "A types block gives two types to one extension.", nullptr};
const LintRule ignored{"ignored-header", "add_header for a field that is made from how the body is sent.",
                       nullptr};
const LintRule user{"user-without-privileges", "user has no effect when root did not start the server.",
                    nullptr};
const LintRegistration conflicting_registered(conflicting), type_registered(type),
    ignored_registered(ignored), user_registered(user);

}  // namespace

}  // namespace sluice::conf
