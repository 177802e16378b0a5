// Lists that a block inherits only when it has none of its own: one directive in it, and those around it are
// gone.
#include <algorithm>

#include "base/text.h"
#include "conf/directive.h"
#include "conf/lint.h"
#include "conf/lint/names.h"

namespace sluice::conf {

namespace {

constexpr size_t kMostShown = 3;

// What the blocks around `site` set with `directive` and it loses by what it sets itself.
std::vector<const Node*> lost(const Site& site, std::string_view directive) {
  std::vector<const Node*> out;
  std::vector<const Node*> own = site.all(directive);
  const Site* outer = own.empty() || site.outer == nullptr ? nullptr : site.outer->setting(directive);
  if (outer == nullptr) { return out; }
  for (const Node* node : outer->all(directive)) {
    if (node->argument_count() == 0) { continue; }
    bool repeated = std::any_of(own.begin(), own.end(), [&](const Node* mine) {
      return mine->argument_count() > 0 && iequals(mine->argument(0), node->argument(0));
    });
    if (!repeated) { out.push_back(node); }
  }
  return out;
}

void report(const Site& site, std::string_view directive, std::string hint, Findings& out) {
  std::vector<const Node*> missing = lost(site, directive);
  if (missing.empty()) { return; }
  std::string text = "\"" + std::string(directive) + "\" here drops those of the block around it: \"" +
                     missing[0]->argument(0) + "\"";
  if (missing.size() > 1) { text += " and " + std::to_string(missing.size() - 1) + " more"; }
  std::vector<Related> places;
  for (size_t i = 0; i < std::min(missing.size(), kMostShown); ++i) {
    places.push_back(related(missing[i]->words[0], "has no effect in that block"));
  }
  out.warn(site.first(directive)->words[0], std::move(text), std::move(hint), std::move(places));
}

// on, off or merge, in force for `site`.
std::string_view inherit_mode(const Site& site, std::string_view directive) {
  const Site* setting = site.setting(directive);
  return setting == nullptr ? "on" : last_argument(*setting->first(directive));
}

void check_added(const Site& site, std::string_view directive, std::string_view inherit, Findings& out) {
  if (inherit_mode(site, inherit) != "on") { return; }
  // An answer that is made by hand, such as a preflight's, has the fields that it is meant to have.
  if (site.is("if") && site.first("return") != nullptr) { return; }
  bool mergeable = contexts_of(inherit) != 0;
  report(site, directive,
         mergeable ? "repeat them, or say: " + std::string(inherit) + " merge;" : "repeat them here", out);
}

void check_headers(const Site& site, Findings& out) {
  check_added(site, "add_header", "add_header_inherit", out);
  check_added(site, "add_trailer", "add_trailer_inherit", out);
}

// Whether requests are passed on with the settings of this block.
bool passes(const Site& site, std::string_view content, std::string_view list) {
  if (site.first(content) != nullptr) { return true; }
  return std::any_of(site.inner.begin(), site.inner.end(), [&](const Site* inner) {
    return inner->first(list) == nullptr && passes(*inner, content, list);
  });
}

void check_passed(const Site& site, Findings& out) {
  static constexpr std::pair<std::string_view, std::string_view> kLists[] = {
      {"proxy_set_header", "proxy_pass"},
      {"grpc_set_header", "grpc_pass"},
      {"fastcgi_param", "fastcgi_pass"},
      {"uwsgi_param", "uwsgi_pass"}};
  for (auto [list, content] : kLists) {
    if (site.first(list) == nullptr || !passes(site, content, list)) { continue; }
    report(site, list, "repeat them here, or put all of them into a file that both include", out);
  }
}

void check_hidden(const Site& site, Findings& out) {
  report(site, "proxy_hide_header", "repeat them here", out);
}

const LintRule headers{"add-header-inheritance",
                       "add_header or add_trailer in a block takes away those of the blocks around it.",
                       check_headers};
const LintRule passed{
    "set-header-inheritance",
    "proxy_set_header, or a list like it, in a block takes away that of the blocks around it.", check_passed};
const LintRule hidden{"hide-header-inheritance",
                      "proxy_hide_header in a block takes away those of the blocks around it.", check_hidden};
const LintRegistration headers_registered(headers), passed_registered(passed), hidden_registered(hidden);

}  // namespace

}  // namespace sluice::conf
