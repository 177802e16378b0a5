// http, server, location, listen, server_name: the frame of a configuration.
#include "http/servers.h"

#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "http/explain.h"
#include "http/satisfy.h"
#include "http/settings.h"
#include "os/listeners.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using conf::Word;

// Carries nothing of its own: the rows act on the objects of their scopes.
struct FrameSettings {};

std::vector<const Step*> steps_for(Build& build, const conf::Settings& settings, Phase first, Phase last) {
  std::vector<const StepRow*> rows;
  Registry<const StepRow>::each([&](const StepRow& row) {
    if (row.phase >= first && row.phase <= last) { rows.push_back(&row); }
  });
  std::sort(rows.begin(), rows.end(), [](const StepRow* a, const StepRow* b) {
    return std::pair(a->phase, a->order) < std::pair(b->phase, b->order);
  });
  std::vector<const Step*> steps;
  for (const StepRow* row : rows) {
    const Step* step = row->make(build.arena(), settings);
    if (step == nullptr) { continue; }
    Watcher* watcher = Watcher::instance;
    steps.push_back(watcher == nullptr ? step : watcher->step(build.arena(), *row, step));
  }
  steps.shrink_to_fit();
  return steps;
}

void make_steps(Build& build, Location& location, const conf::Settings& settings) {
  auto& steps = location.steps;
  // What a server has to decide it has decided before it serves by itself.
  bool decided = location.kind == Location::Kind::server;
  if (!decided) { steps = steps_for(build, settings, Phase::rewrite, Phase::rewrite); }
  location.guards_begin = static_cast<uint32_t>(steps.size());
  auto limits = steps_for(build, settings, Phase::preaccess, Phase::preaccess);
  steps.insert(steps.end(), limits.begin(), limits.end());
  auto access = steps_for(build, settings, Phase::access, Phase::access);
  access = satisfy(build.arena(), settings, std::move(access));
  steps.insert(steps.end(), access.begin(), access.end());
  location.guards_end = static_cast<uint32_t>(steps.size());
  auto rest = steps_for(build, settings, Phase::precontent, Phase::precontent);
  steps.insert(steps.end(), rest.begin(), rest.end());
  steps.shrink_to_fit();
}

std::vector<const Filter*> filters_for(Build& build, const conf::Settings& settings) {
  std::vector<const FilterRow*> rows;
  Registry<const FilterRow>::each([&](const FilterRow& row) { rows.push_back(&row); });
  std::sort(rows.begin(), rows.end(),
            [](const FilterRow* a, const FilterRow* b) { return a->stage < b->stage; });
  std::vector<const Filter*> filters;
  for (const FilterRow* row : rows) {
    if (const Filter* filter = row->make(build.arena(), settings)) { filters.push_back(filter); }
  }
  filters.shrink_to_fit();
  return filters;
}

// Fills what a location derives from its settings once its block is built.
void settle(Build& build, Location& location, const conf::Settings& settings) {
  location.settings = build.arena().own<conf::Settings>(settings);
  location.core = &settings.get<CoreSettings>();
  for (const Content* own : {settings.get<ContentSettings>().content, DefaultContent::instance}) {
    if (location.content == nullptr) { location.content = own; }
  }
  if (Watcher* watcher = Watcher::instance; watcher != nullptr) {
    location.content = watcher->content(build.arena(), location.content);
  }
  make_steps(build, location, settings);
  location.filters = filters_for(build, settings);
  Registry<const SettledRow>::each([&](const SettledRow& row) { row.settled(build, settings); });
}

void begin_block(Scope& scope, void* object) {
  scope.object = object;
  Registry<const BlockRow>::each([&](const BlockRow& row) { row.begin(scope); });
}

// --- location ---

struct LocationName {
  Location::Kind kind;
  bool no_regex = false;
  bool caseless = false;
  std::string text;
};

std::optional<LocationName> read_name(Build& build, const Node& node) {
  std::string modifier = node.argument_count() == 2 ? node.argument(0) : "";
  std::string text = node.argument(node.argument_count() - 1);
  if (modifier.empty()) {
    // "location =/x" and "location ~\.php$" are written, too.
    for (const char* known : {"=", "^~", "~*", "~"}) {
      if (text.starts_with(known)) {
        modifier = known;
        text = text.substr(modifier.size());
        break;
      }
    }
  }
  if (modifier.empty()) {
    return LocationName{text.starts_with('@') ? Location::Kind::named : Location::Kind::prefix, false, false,
                        text};
  }
  if (modifier == "=") { return LocationName{Location::Kind::exact, false, false, text}; }
  if (modifier == "^~") { return LocationName{Location::Kind::prefix, true, false, text}; }
  if (modifier == "~" || modifier == "~*") {
    return LocationName{Location::Kind::regex, false, modifier == "~*", text};
  }
  build.error(node.argument_word(0), "invalid location modifier \"" + modifier + "\"",
              "it is one of =, ^~, ~ and ~*");
  return std::nullopt;
}

bool nests(Build& build, Scope& scope, const Node& node, const LocationName& name) {
  auto* outer = scope.context() == conf::kLocation ? static_cast<Location*>(scope.object) : nullptr;
  if (outer == nullptr) { return true; }
  const Word& where = node.words[0];
  if (outer->kind == Location::Kind::exact) {
    build.error(where,
                "location \"" + name.text + "\" cannot be inside the exact location \"" + outer->name + "\"");
    return false;
  }
  if (outer->kind == Location::Kind::named) {
    build.error(where,
                "location \"" + name.text + "\" cannot be inside the named location \"" + outer->name + "\"");
    return false;
  }
  if (name.kind == Location::Kind::named) {
    build.error(where, "named location \"" + name.text + "\" can be on the server level only");
    return false;
  }
  bool prefixes = outer->kind == Location::Kind::prefix && name.kind != Location::Kind::regex;
  if (prefixes && !name.text.starts_with(outer->name)) {
    build.error(where, "location \"" + name.text + "\" is outside location \"" + outer->name + "\"");
    return false;
  }
  return true;
}

LocationTree<Location>& tree_of(Scope& scope) {
  if (scope.context() == conf::kServer) { return static_cast<Server*>(scope.object)->locations; }
  auto* outer = static_cast<Location*>(scope.object);
  if (outer->nested == nullptr) { outer->nested = std::make_unique<LocationTree<Location>>(); }
  return *outer->nested;
}

void report_duplicates(Build& build, const std::vector<Location*>& duplicates) {
  for (const Location* location : duplicates) {
    build.diagnostics.error(Word{"location", location->at, 8, false},
                            "duplicate location \"" + location->name + "\"");
  }
}

void add_to_tree(Build& build, Scope& scope, const Node& node, const LocationName& name, Location& location,
                 const conf::Regex* regex) {
  LocationTree<Location>& tree = tree_of(scope);
  const LocationTree<Location>* nested = location.nested.get();
  bool slash =
      name.text.ends_with('/') && location.content != nullptr && location.content->redirects_bare_name();
  switch (name.kind) {
    case Location::Kind::exact:
      tree.add_exact(name.text, &location, slash);
      break;
    case Location::Kind::regex:
      tree.add_regex(regex, &location, nested);
      break;
    case Location::Kind::named:
      if (!tree.add_named(name.text, &location)) {
        build.error(node.words[0], "duplicate location \"" + name.text + "\"");
      }
      break;
    default:
      tree.add_prefix(name.text, &location, {name.no_regex, slash, nested});
      break;
  }
}

const conf::Regex* compile(Build& build, const Word& where, const std::string& pattern, bool caseless) {
  std::string reason;
  auto regex = conf::Regex::compile(pattern, caseless, reason);
  if (regex == nullptr) {
    build.error(where, "invalid regular expression \"" + pattern + "\"", reason);
    return nullptr;
  }
  return build.arena().own<std::unique_ptr<conf::Regex>>(std::move(regex))->get();
}

void set_location(Build& build, Scope& scope, const Node& node, const Row&) {
  auto name = read_name(build, node);
  if (!name || !nests(build, scope, node, *name)) { return; }
  const Word& where = node.argument_word(node.argument_count() - 1);
  auto* location = build.arena().own<Location>();
  location->kind = name->kind;
  location->name = name->text;
  location->at = node.words[0].at;
  const conf::Regex* regex = nullptr;
  if (name->kind == Location::Kind::regex) {
    regex = compile(build, where, name->text, name->caseless);
    if (regex == nullptr) { return; }
    for (const auto& [variable, group] : regex->names()) {
      if (conf::Variable* made =
              build.config.http_variables.define(variable, conf::no_value, nullptr, false)) {
        location->name_captures.push_back({made, group});
      }
    }
  }
  Scope inner(build, conf::kLocation, &scope);
  begin_block(inner, location);
  build.children(inner, node);
  settle(build, *location, inner.settings());
  if (location->nested != nullptr) { report_duplicates(build, location->nested->build()); }
  add_to_tree(build, scope, node, *name, *location, regex);
}

// --- server ---

void set_server(Build& build, Scope& scope, const Node& node, const Row&) {
  auto* server = build.arena().own<Server>();
  auto* draft = build.arena().own<ServerDraft>(ServerDraft{server, false, {}});
  server->at = node.words[0].at;
  auto& drafts = only<ServerDrafts>(build, "http server drafts");
  drafts.all.push_back(draft);
  drafts.by_server[server] = draft;
  only<Servers>(build, "http servers").all.push_back(server);
  Scope inner(build, conf::kServer, &scope);
  begin_block(inner, server);
  build.children(inner, node);
  server->root.kind = Location::Kind::server;
  settle(build, server->root, inner.settings());
  server->settings = server->root.settings;
  server->steps = steps_for(build, inner.settings(), Phase::server_rewrite, Phase::server_rewrite);
  report_duplicates(build, server->locations.build());
  if (!draft->listens) { add_default_listen(build, *server); }
}

void set_server_name(Build& build, Scope& scope, const Node& node, const Row&) {
  ServerDraft& draft = draft_of(build, scope.object);
  for (size_t i = 0; i < node.argument_count(); ++i) {
    const Word& word = node.argument_word(i);
    if (!word.text.starts_with('~')) {
      std::string name = to_lower(word.text);
      if (name == "$hostname") {
        char host[256] = "";
        gethostname(host, sizeof host - 1);
        name = to_lower(host);
      }
      draft.names.push_back({name, nullptr, word});
      continue;
    }
    std::string pattern = word.text.substr(1);
    if (pattern.empty()) {
      build.error(word, "empty regex in server name \"" + word.text + "\"");
      continue;
    }
    const conf::Regex* regex = compile(build, word, pattern, true);
    if (regex == nullptr) { continue; }
    for (const auto& [name, group] : regex->names()) {
      if (conf::Variable* variable =
              build.config.http_variables.define(name, conf::no_value, nullptr, false)) {
        draft.server->name_captures.push_back({variable, group});
      }
    }
    draft.names.push_back({word.text, regex, word});
  }
}

// --- the end: addresses and their names ---

void add_names(Build& build, PortDraft& draft) {
  for (Server* server : draft.servers) {
    for (const auto& [name, regex, word] : draft_of(build, server).names) {
      if (regex != nullptr) {
        draft.port.names.add(regex, server);
        continue;
      }
      auto added = draft.port.names.add(name, server);
      if (added == ServerNamesBase::Added::conflict) {
        build.diagnostics.warn(
            word, "conflicting server name \"" + name + "\" on " + draft.port.address.text() + ", ignored",
            {}, "conflicting-server-name");
      } else if (added == ServerNamesBase::Added::invalid) {
        build.diagnostics.error(
            word, "invalid server name or wildcard \"" + name + "\" on " + draft.port.address.text());
      }
    }
  }
  draft.port.names.finish();
}

void finish_http(Build& build) {
  auto& servers = only<Servers>(build, "http servers");
  for (ServerDraft* draft : only<ServerDrafts>(build, "http server drafts").all) {
    if (draft->names.empty()) {
      draft->names.push_back({"", nullptr, Word{"server", draft->server->at, 6, false}});
    }
    // A leading dot is shorthand for two names; the plain one is shown.
    string_view first = draft->names[0].name;
    draft->server->name = first.starts_with('.') ? first.substr(1) : first;
    for (auto& name : draft->names) { draft->server->names.push_back(name.name); }
  }
  for (PortDraft* draft : only<PortDrafts>(build, "http port drafts").ports) {
    draft->port.default_server =
        draft->port.default_server != nullptr ? draft->port.default_server : draft->servers[0];
    draft->port.one_server = draft->servers.size() == 1 && draft->servers[0]->name_captures.empty();
    add_names(build, *draft);
    draft->spec->service = &draft->port;
    servers.ports.push_back(&draft->port);
  }
}

void set_http(Build& build, Scope& scope, const Node& node, const Row&) {
  Scope inner(build, conf::kHttp, &scope);
  Registry<const HttpDefaultsRow>::each([&](const HttpDefaultsRow& row) { row.apply(build, inner); });
  build.children(inner, node);
  Registry<const HttpDefaultsRow>::each([&](const HttpDefaultsRow& row) { row.check(build, inner); });
  build.later([&build] { finish_http(build); });
}

// Set by the directives that name a location's content; it has no row of its own.
const conf::Module<ContentSettings> content_module("http", {}, conf::Inherit::no);

const conf::Module<FrameSettings> module(
    "http",
    {
        conf::Module<FrameSettings>::RowSpec("http", conf::kMain, arguments(0), set_http, "",
                                             "Everything that concerns HTTP.")
            .once_structural(),
        conf::Module<FrameSettings>::RowSpec(
            "server", conf::kHttp, arguments(0), set_server, "",
            "A virtual server: the addresses it listens on, its names, its locations.")
            .structural(),
        conf::Module<FrameSettings>::RowSpec("location", conf::kServer | conf::kLocation, arguments(1, 2),
                                             set_location, "[ = | ~ | ~* | ^~ ] uri",
                                             "Settings for a part of the paths. An exact location (=) wins; "
                                             "else the longest prefix is found and, unless it "
                                             "is ^~, the first regular expression (~, or ~* without regard "
                                             "to case) that matches is used before it. "
                                             "@name is reached by error_page and try_files only.")
            .structural(),
        conf::Module<FrameSettings>::RowSpec(
            "listen", conf::kServer, arguments(1, conf::kAny), set_listen,
            "address[:port] | port | unix:path [parameter …]",
            "An address and port the server is reached by. Parameters: default_server, "
            "backlog=, reuseport, deferred, fastopen=, so_keepalive=, rcvbuf=, sndbuf=, "
            "ipv6only=, bind.",
            "*:80, or *:8000 without privileges")
            .repeating(),
        conf::Module<FrameSettings>::RowSpec("server_name", conf::kServer, arguments(1, conf::kAny),
                                             set_server_name, "name …",
                                             "Names of the server: exact, *.wildcard, wildcard.*, .domain "
                                             "(both itself and all below), or ~regular "
                                             "expression, whose named groups become variables.",
                                             "\"\"")
            .repeating(),
    },
    conf::Inherit::no);

}  // namespace

Location& begin_unnamed(Scope& inner, const Scope& outer, const Node& node) {
  Location& location = begin_route(inner, outer, node);
  location.kind = Location::Kind::unnamed;
  return location;
}

Location& begin_route(Scope& inner, const Scope& outer, const Node& node) {
  auto* location = inner.build().arena().own<Location>();
  location->name = "/";
  if (outer.context() != conf::kServer) {
    const auto& around = *static_cast<const Location*>(outer.object);
    location->name = around.name;
    location->kind = around.kind;
  }
  location->at = node.words[0].at;
  begin_block(inner, location);
  return *location;
}

void settle_unnamed(const Scope& inner, const Scope& outer, Location& location) {
  location.content = inner.get<ContentSettings>().content;
  const Content* outer_content = outer.get<ContentSettings>().content;
  if (location.content == nullptr && outer_content != nullptr) {
    location.content = outer_content->inherited(inner.build(), inner.settings());
  }
  settle(inner.build(), location, inner.settings());
  if (location.nested != nullptr) { report_duplicates(inner.build(), location.nested->build()); }
}

ServerDraft& draft_of(Build& build, const void* server) {
  return *only<ServerDrafts>(build, "http server drafts").by_server.at(server);
}

Servers* servers_of(const conf::Config& config) { return config.find<Servers>("http servers"); }

}  // namespace sluice::http
