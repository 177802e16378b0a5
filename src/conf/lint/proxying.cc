// proxy_pass: what becomes of the path, of Host, and of names with variables in them.
#include <algorithm>

#include "base/text.h"
#include "conf/lint.h"
#include "conf/lint/names.h"

namespace sluice::conf {

namespace {

bool has_variable(std::string_view text) { return text.find('$') != std::string_view::npos; }

const Node* pass_of(const Site& site) {
  const Node* pass = site.first("proxy_pass");
  return pass != nullptr && pass->argument_count() == 1 ? pass : nullptr;
}

// The upstream block of this name.
const Node* upstream_named(const Site& site, std::string_view name) {
  const Site* realm = site.around("http");
  if (realm == nullptr) { realm = site.around("stream"); }
  if (realm == nullptr) { return nullptr; }
  for (const Node* upstream : realm->all("upstream")) {
    if (upstream->argument_count() == 1 && upstream->argument(0) == name) { return upstream; }
  }
  return nullptr;
}

// --- slashes ---

void check_slash(const Site& site, Findings& out) {
  const Node* pass = pass_of(site);
  if (pass == nullptr || !site.is("location") || has_variable(pass->argument(0))) { return; }
  LocationName name = location_name(site.node);
  std::string_view uri = split_pass(pass->argument(0)).uri;
  if (!name.prefix() || uri.empty() || uri.find('?') != std::string_view::npos) { return; }
  bool location_ends = name.text.ends_with('/');
  if (location_ends == uri.ends_with('/')) { return; }
  // location /app and / behind it: /app/x becomes //x, and /application becomes /lication.
  std::string example = name.text + (location_ends ? "x" : "/x");
  std::string becomes = std::string(uri) + example.substr(name.text.size());
  out.warn(pass->argument_word(0), "\"" + example + "\" is passed on as \"" + becomes + "\"",
           location_ends ? "end the URI with a slash, too" : "end the location's name with a slash, too",
           {related(site.node.words[0], "what matches this name is replaced")});
}

// --- variables ---

void check_variable(const Site& site, Findings& out) {
  const Node* pass = pass_of(site);
  if (pass == nullptr || !has_variable(pass->argument(0))) { return; }
  const Site* location = site.around("location");
  if (location == nullptr || !location_name(location->node).prefix()) { return; }
  std::string_view uri = split_pass(pass->argument(0)).uri;
  if (uri.empty() || has_variable(uri)) { return; }
  out.warn(pass->argument_word(0),
           "with variables the URI is taken as it stands: every request is passed on as \"" +
               std::string(uri) + "\"",
           "leave the URI out, or write one with variables, such as $request_uri");
}

// The values that `set` and `map` give to a variable; false when it gets them elsewhere, too.
bool values_of(const Site& site, std::string_view variable, std::vector<std::string_view>& values) {
  bool found = false;
  for (const Node& child : site.node.children) {
    if (child.name() == "set" && child.argument_count() == 2 && child.argument(0) == variable) {
      values.push_back(child.argument(1));
      found = true;
    }
    if (child.name() == "map" && child.block && child.argument_count() == 2 &&
        child.argument(1) == variable) {
      for (const Node& line : child.children) {
        if (line.argument_count() == 1) { values.push_back(line.argument(0)); }
      }
      found = true;
    }
  }
  return found;
}

bool is_address(std::string_view host) {
  bool digits = !host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return digits || host.starts_with('[') || host.starts_with("unix:");
}

std::string_view without_port(std::string_view host) {
  size_t colon = host.rfind(':');
  return host.starts_with('[') || colon == std::string_view::npos ? host : host.substr(0, colon);
}

// A name must be asked of a resolver when only the request tells it.
void check_resolver(const Site& site, Findings& out) {
  const Node* pass = pass_of(site);
  if (pass == nullptr || !has_variable(pass->argument(0)) || site.setting("resolver") != nullptr) { return; }
  std::string_view url = pass->argument(0);
  std::string_view host = split_pass(url).host;
  std::vector<std::string_view> names;
  if (!has_variable(host)) {
    names.push_back(host);
  } else if (host.starts_with('$') && host.find_first_of("$:{}", 1) == std::string_view::npos) {
    for (const Site* at = &site; at != nullptr && !values_of(*at, host, names);) { at = at->outer; }
  }
  for (std::string_view value : names) {
    std::string_view name =
        without_port(value.find("://") == std::string_view::npos ? value : split_pass(value).host);
    bool known =
        name.empty() || has_variable(name) || is_address(name) || upstream_named(site, name) != nullptr;
    if (known) { continue; }
    out.warn(pass->argument_word(0),
             "\"" + std::string(name) + "\" is looked up for each request, and there is no resolver for that",
             "say: resolver ADDRESS; with the address of a name server");
    return;
  }
}

// Who chooses the server, when it is the client?
void check_open(const Site& site, Findings& out) {
  const Node* pass = pass_of(site);
  const Site* location = site.around("location");
  if (pass == nullptr || (location != nullptr && location->first("internal") != nullptr)) { return; }
  std::string_view host = split_pass(pass->argument(0)).host;
  for (const char* start : {"$arg_", "$cookie_", "$http_"}) {
    if (!host.starts_with(start) || host.starts_with("$http_host")) { continue; }
    out.warn(pass->argument_word(0),
             "the client chooses the server that is asked, by \"" + std::string(host) + "\"",
             "choose among the servers that you mean with map, or make the location internal");
    return;
  }
}

// --- Host ---

bool sets_host(const Site& site) {
  const Site* setting = site.setting("proxy_set_header");
  if (setting == nullptr) { return false; }
  std::vector<const Node*> all = setting->all("proxy_set_header");
  return std::any_of(all.begin(), all.end(), [](const Node* node) {
    return node->argument_count() > 0 && iequals(node->argument(0), "host");
  });
}

// Several names, or a pattern: which one was asked for is lost.
bool has_several_names(const Site& site) {
  const Site* server = site.around("server");
  if (server == nullptr) { return false; }
  size_t names = 0;
  for (const Node* node : server->all("server_name")) {
    for (size_t i = 0; i < node->argument_count(); ++i) {
      std::string_view name = node->argument(i);
      names +=
          name.starts_with('~') || name.find('*') != std::string_view::npos || name.starts_with('.') ? 2 : 1;
    }
  }
  return names > 1;
}

void check_host(const Site& site, Findings& out) {
  const Node* pass = pass_of(site);
  if (pass == nullptr || site.around("http") == nullptr || sets_host(site)) { return; }
  std::string_view host = split_pass(pass->argument(0)).host;
  if (host.empty() || has_variable(host)) { return; }
  const Node* upstream = upstream_named(site, host);
  bool local = is_address(without_port(host)) || without_port(host) == "localhost";
  if (upstream == nullptr && !(local && has_several_names(site))) { return; }
  std::string what = upstream != nullptr ? "the name of the upstream" : "whatever name the client asked for";
  out.warn(pass->argument_word(0),
           "the server gets \"Host: " + std::string(host.starts_with("unix:") ? "localhost" : host) + "\", " +
               what,
           "say: proxy_set_header Host $host;");
}

const LintRule slash{
    "proxy-pass-slash",
    "The location ends in a slash and the URI of its proxy_pass does not, or the other way round.",
    check_slash};
const LintRule variable{"proxy-pass-variable",
                        "proxy_pass with variables and a fixed URI sends every request to that URI.",
                        check_variable};
const LintRule resolver{"resolver-missing",
                        "proxy_pass with variables leads to a name, and no resolver is set to look it up.",
                        check_resolver};
const LintRule open{"proxy-pass-open", "The client can choose any server for proxy_pass.", check_open};
const LintRule host{
    "proxy-host", "Host is not set, so the server gets the name of the upstream, or cannot tell names apart.",
    check_host};
const LintRegistration slash_registered(slash), variable_registered(variable), resolver_registered(resolver),
    open_registered(open), host_registered(host);

}  // namespace

}  // namespace sluice::conf
