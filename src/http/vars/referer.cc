// `valid_referers` and $invalid_referer: who may link here.
#include <algorithm>
#include <memory>
#include <unordered_map>

#include "base/text.h"
#include "conf/regex.h"
#include "http/request.h"
#include "http/servers.h"
#include "http/wildcard_names.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using conf::Word;

// Who is valid, completed once the names of the servers are known.
struct Referers {
  bool none = false;     // no Referer at all
  bool blocked = false;  // one that is no URL
  bool any_site = false;
  // Of each name the beginnings of paths that may link here; an empty one is all of them.
  std::unordered_map<std::string, std::vector<std::string>> paths;
  WildcardNames names;
  std::vector<const conf::Regex*> hosts;
  std::vector<std::unique_ptr<conf::Regex>> urls;  // matched against what follows the scheme
};

struct RefererSettings {
  std::shared_ptr<Referers> valid;  // null: everybody is
};

void add_name(Build& build, Referers& valid, const Word& word) {
  Split parts = split(word.text, '/');
  std::string name = to_lower(parts.head);
  auto [at, added] = valid.paths.try_emplace(name);
  at->second.push_back(parts.found ? "/" + std::string(parts.tail) : "");
  if (added && valid.names.add(name, &at->second) == WildcardNames::Added::invalid) {
    build.error(word, "invalid server name or wildcard \"" + name + "\"");
  }
}

void add_pattern(Build& build, Referers& valid, const Word& word) {
  std::string reason;
  auto regex = conf::Regex::compile(string_view(word.text).substr(1), true, reason);
  if (word.text.size() == 1 || regex == nullptr) {
    build.error(word, "invalid regular expression \"" + word.text.substr(1) + "\"",
                reason.empty() ? "it is empty" : reason);
    return;
  }
  valid.urls.push_back(std::move(regex));
}

// The names of a server are known only when all of it was read.
void add_server_names(Build& build, Scope& scope, const Word& word, std::shared_ptr<Referers> valid) {
  const Scope* server = &scope;
  while (server->context() != conf::kServer) { server = server->parent(); }
  build.later([&build, valid, &word, object = server->object] {
    for (const auto& name : draft_of(build, object).names) {
      if (name.regex != nullptr) {
        valid->hosts.push_back(name.regex);
      } else if (!name.name.empty()) {
        Word named = word;
        named.text = name.name;
        add_name(build, *valid, named);
      }
    }
    valid->names.shrink();
  });
}

void set_valid_referers(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto& valid = scope.own<RefererSettings>().valid;
  if (scope.first_in_block(row)) { valid = std::make_shared<Referers>(); }
  for (size_t i = 0; i < node.argument_count(); ++i) {
    const Word& word = node.argument_word(i);
    if (word.text == "none") {
      valid->none = true;
    } else if (word.text == "blocked") {
      valid->blocked = true;
    } else {
      valid->any_site = true;
      if (word.text == "server_names") {
        add_server_names(build, scope, word, valid);
      } else if (word.text.starts_with('~')) {
        add_pattern(build, *valid, word);
      } else {
        add_name(build, *valid, word);
      }
    }
  }
  build.later([&build, &node, valid] {
    if (!valid->any_site) {
      build.error(node.words[0], "\"valid_referers\" has \"none\" or \"blocked\" but no valid referer");
    }
    valid->names.shrink();
  });
}

void ignore(Build&, Scope&, const Node&, const Row&) {}

constexpr uint32_t kContexts = conf::kServer | conf::kLocation;

const conf::Module<RefererSettings> module(
    "referer",
    {
        conf::Module<RefererSettings>::RowSpec(
            "valid_referers", kContexts, arguments(1, conf::kAny), set_valid_referers,
            "none | blocked | server_names | name[/path] | ~regex …",
            "Which Referer fields make $invalid_referer empty: none at all (none), one that is no http:// or "
            "https:// URL (blocked), URLs with a name of the server (server_names), with this name, which "
            "may "
            "begin or end with *, and a path that begins so, or whose text behind the scheme matches.")
            .repeating(),
        {"referer_hash_bucket_size", kContexts, arguments(1), ignore, "size",
         "Accepted for compatibility: the table of names sizes itself.", ""},
        {"referer_hash_max_size", kContexts, arguments(1), ignore, "size",
         "Accepted for compatibility: the table of names sizes itself.", ""},
    });

bool may_link(const Referers& valid, string_view url) {
  size_t host_end = std::min(url.find_first_of("/:"), url.size());
  string_view host = url.substr(0, host_end);
  string_view path = url.substr(std::min(url.find('/'), url.size()));
  if (host.size() > WildcardNames::kLongestName) { return false; }
  if (const void* found = valid.names.find(host); found != nullptr) {
    const auto& beginnings = *static_cast<const std::vector<std::string>*>(found);
    auto begins = [&](const std::string& beginning) { return path.starts_with(beginning); };
    if (std::any_of(beginnings.begin(), beginnings.end(), begins)) { return true; }
  }
  auto of_host = [&](const conf::Regex* regex) { return regex->matches(host); };
  if (std::any_of(valid.hosts.begin(), valid.hosts.end(), of_host)) { return true; }
  return std::any_of(valid.urls.begin(), valid.urls.end(),
                     [&](const auto& regex) { return regex->matches(url); });
}

bool is_valid(Request& r) {
  const Referers* valid = r.settings<RefererSettings>().valid.get();
  if (valid == nullptr) { return true; }
  const Field* field = r.head.fields.find(FieldId::referer);
  if (field == nullptr) { return valid->none; }
  for (string_view scheme : {"http://", "https://"}) {
    if (istarts_with(field->value, scheme)) { return may_link(*valid, field->value.substr(scheme.size())); }
  }
  return valid->blocked;
}

conf::Value get_invalid_referer(conf::Evaluation& in, const conf::Variable&) {
  return {is_valid(request_of(in)) ? "" : "1"};
}

const conf::VariableRow rows[] = {
    {conf::Realm::http, "invalid_referer", get_invalid_referer,
     "Empty when valid_referers allows the request's Referer, else \"1\"."},
};
const conf::Variables registered(rows);

}  // namespace

}  // namespace sluice::http
