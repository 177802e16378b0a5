// proxy_pass: the directive, and where a request goes.
#include <algorithm>

#include "base/text.h"
#include "conf/build.h"
#include "http/content/proxy.h"
#include "http/uri.h"

namespace sluice::http {

namespace {

using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using conf::Word;

constexpr uint16_t kHttpPort = 80;

struct UrlParts {
  std::string host;  // host[:port] or unix:/path
  std::string uri;   // from the first / or ?; empty when there is none
};

std::optional<UrlParts> split_url(string_view url) {
  if (!istarts_with(url, "http://")) { return std::nullopt; }
  string_view rest = url.substr(7);
  if (rest.starts_with("unix:")) {
    // unix:/path/socket:/uri
    size_t end = rest.find(':', 5);
    if (end == string_view::npos) { return UrlParts{std::string(rest), ""}; }
    return UrlParts{std::string(rest.substr(0, end)), std::string(rest.substr(end + 1))};
  }
  size_t end = rest.find_first_of("/?");
  if (end == string_view::npos) { return UrlParts{std::string(rest), ""}; }
  return UrlParts{std::string(rest.substr(0, end)), std::string(rest.substr(end))};
}

bool check_scheme(Build& build, const Word& word) {
  if (istarts_with(word.text, "https://")) {
    build.error(word, "https protocol requires TLS support, which is not supported yet");
    return false;
  }
  if (!istarts_with(word.text, "http://")) {
    build.error(word, "invalid URL prefix", "a URL that begins with http:// was expected");
    return false;
  }
  return true;
}

bool uri_allowed(Build& build, const Scope& scope, const Word& word) {
  const auto* location = static_cast<const Location*>(scope.object);
  bool no_name = scope.context() == conf::kLocationIf || scope.context() == conf::kLimitExcept ||
                 (location != nullptr &&
                  (location->kind == Location::Kind::regex || location->kind == Location::Kind::named));
  if (!no_name) { return true; }
  build.error(word,
              "\"proxy_pass\" cannot have URI part in location given by regular expression, or inside named "
              "location, or inside \"if\" statement, or inside \"limit_except\" block");
  return false;
}

void bind_group(Build& build, ProxyPass& pass, const Word& word) {
  build.later([&build, &pass, &word] {
    pass.group = upstream::find_group(build, "http", pass.host);
    if (pass.group == nullptr) {
      pass.group = upstream::implicit_group(build, "http", word, pass.host, kHttpPort);
    }
  });
}

void set_constant(Build& build, Scope& scope, const Word& word, ProxyPass& pass) {
  auto parts = split_url(word.text);
  if (!parts || parts->host.empty()) {
    build.error(word,
                "no host in upstream \"" + word.text.substr(std::min<size_t>(7, word.text.size())) + "\"");
    return;
  }
  pass.host = parts->host;
  pass.uri = parts->uri;
  pass.replaces = !pass.uri.empty();
  auto named = net::split_authority(pass.host, kHttpPort);
  pass.port = named && !pass.host.starts_with("unix:") ? named->port : uint16_t{0};
  if (pass.replaces && !uri_allowed(build, scope, word)) { return; }
  bind_group(build, pass, word);
}

void hide_fields(const ProxySettings& settings, ProxyPass& pass) {
  // Ours, or meant for us and not for the client.
  for (const char* name : {"Date", "Server", "X-Pad", "X-Accel-Expires", "X-Accel-Redirect",
                           "X-Accel-Limit-Rate", "X-Accel-Buffering", "X-Accel-Charset"}) {
    pass.hidden.add(name);
  }
  for (const std::string& name : settings.hide) { pass.hidden.add(name); }
  for (const std::string& name : settings.pass) { pass.hidden.remove(name); }
}

void set_proxy_pass(Build& build, Scope& scope, const Node& node, const Row&) {
  auto& content = scope.own<ContentSettings>();
  const Word& word = node.argument_word(0);
  auto* pass = build.arena().own<ProxyPass>();
  const auto* location = static_cast<const Location*>(scope.object);
  if (location != nullptr && scope.context() == conf::kLocation) { pass->location = location->name; }
  pass->url = conf::Expression::compile(build, conf::Realm::http, word);
  content.content = pass;
  bool tls = istarts_with(word.text, "https://");
  if (tls && !check_scheme(build, word)) { return; }
  if (pass->url.constant()) {
    if (!check_scheme(build, word)) { return; }
    set_constant(build, scope, word, *pass);
  } else {
    pass->groups = build.shared<upstream::AllGroups>("all groups", "");
  }
  // The settings of this block are complete only when its other directives have been applied.
  conf::Settings settings = scope.settings();
  build.later([settings, pass] { hide_fields(settings.get<ProxySettings>(), *pass); });
}

// Carries nothing: the row sets the block's content.
struct PassSettings {};

const conf::Module<PassSettings> module("proxy",
                                        {
                                            {"proxy_pass",
                                             conf::kLocation | conf::kLocationIf | conf::kLimitExcept,
                                             conf::arguments(1), set_proxy_pass, "URL",
                                             "Passes requests to this server or upstream group: "
                                             "http://name[:port][/uri] or http://unix:/path:/uri. With a "
                                             "URI, the part of the request's path that matched the location "
                                             "is replaced by it; without one the path is "
                                             "passed as the client sent it. May contain variables."},
                                        },
                                        conf::Inherit::no);

string_view with_query(Request& r, string_view path) {
  if (!r.has_query) { return path; }
  return r.arena().join(path, "?", r.query);
}

// The path to ask for when proxy_pass names none: as the client sent it, unless something here changed it.
string_view passed_target(Request& r) {
  if (!r.unchanged_target.empty()) { return r.unchanged_target; }
  string_view path = escape_uri(r.arena(), r.path);
  return with_query(r, path.starts_with('/') ? path : r.arena().join("/", path));
}

}  // namespace

const Content* ProxyPass::inherited(Build& build, const conf::Settings& settings) const {
  auto* pass = build.arena().own<ProxyPass>(*this);
  build.later([this, settings, pass] {
    pass->group = group;
    hide_fields(settings.get<ProxySettings>(), *pass);
  });
  return pass;
}

bool ProxyPass::find_target(Request& r, ProxyTarget& out) const {
  if (!url.constant()) { return evaluate_target(r, out); }
  out.group = group;
  out.host = host.starts_with("unix:") ? string_view("localhost") : string_view(host);
  out.port = port;
  // A path that was rewritten has no name of a location to replace.
  if (!replaces || r.rewritten_in_place) {
    out.target = passed_target(r);
    return true;
  }
  size_t named = location.size() <= r.path.size() ? location.size() : r.path.size();
  string_view rest = escape_uri(r.arena(), r.path.substr(named));
  out.target = with_query(r, r.arena().join(uri, rest));
  if (!out.target.starts_with('/')) { out.target = r.arena().join("/", out.target); }
  return true;
}

bool ProxyPass::explain(Request& r, Facts& facts) const {
  ProxyTarget to;
  facts.emplace_back("proxy_pass", url.text());
  if (!find_target(r, to)) { return true; }
  if (to.group == nullptr) {
    facts.emplace_back("upstream", std::string(to.host) + " (its addresses are asked of the resolver)");
  } else {
    facts.emplace_back(to.group->implicit ? "address" : "upstream", to.group->name);
    for (const auto& peer : to.group->peers) {
      facts.emplace_back("server",
                         peer->host + (peer->backup ? " backup" : "") + (peer->down ? " down" : ""));
    }
  }
  r.proxy_host = to.host;
  r.proxy_port = to.port;
  facts.emplace_back("target", std::string(to.target));
  return true;
}

bool ProxyPass::evaluate_target(Request& r, ProxyTarget& out) const {
  string_view evaluated = url.evaluate(r);
  auto parts = split_url(evaluated);
  auto named = net::split_authority(parts ? parts->host : "", kHttpPort);
  if (!parts || parts->host.empty() || !named) {
    const char* what = parts && !parts->host.empty() ? "invalid host or port" : "invalid URL prefix";
    SLUICE_REQUEST_LOG(r, error, 0, "%s in \"%.*s\"", what, static_cast<int>(evaluated.size()),
                       evaluated.data());
    r.answer_with(r.refuse(500));
    return false;
  }
  bool local = parts->host.starts_with("unix:");
  out.host = r.arena().copy(local ? "localhost" : parts->host);
  out.port = local ? 0 : named->port;
  string_view given = r.arena().copy(parts->uri);
  if (given.empty()) {
    out.target = passed_target(r);
  } else {
    out.target = given.starts_with('/') ? given : r.arena().join("/", given);
  }
  out.group = groups->find(parts->host, kHttpPort);
  if (out.group != nullptr) { return true; }
  out.made = groups->for_address(parts->host, kHttpPort);
  out.group = out.made.get();
  return true;
}

}  // namespace sluice::http
