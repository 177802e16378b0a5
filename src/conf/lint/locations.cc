// Locations that no request reaches, and what they say about files.
#include <algorithm>
#include <map>

#include "conf/lint.h"
#include "conf/lint/names.h"
#include "conf/lint/pattern.h"

namespace sluice::conf {

namespace {

struct Named {
  const Site* site;
  LocationName name;
  const Word& word() const { return site->node.words.back(); }
};

std::vector<Named> locations_of(const Site& site) {
  std::vector<Named> out;
  for (const Site* inner : site.inner) {
    if (inner->is("location")) { out.push_back({inner, location_name(inner->node)}); }
  }
  return out;
}

// --- never reached ---

// The ^~ location that takes every path which this one's regex could match; null when there is none.
const Named* hider(const std::vector<Named>& all, const std::vector<const Named*>& deciding,
                   const Named& regex) {
  std::string start = pattern::literal_start(regex.name.text);
  if (start.empty() || regex.name.modifier != "~") { return nullptr; }
  const Named* longest = nullptr;
  for (const Named* other : deciding) {
    if (!start.starts_with(other->name.text)) { continue; }
    if (longest == nullptr || other->name.text.size() > longest->name.text.size()) { longest = other; }
  }
  if (longest == nullptr) { return nullptr; }
  for (const Named& other : all) {
    const std::string& text = other.name.text;
    bool longer = other.name.modifier.empty() && text.size() > longest->name.text.size();
    if (longer && (text.starts_with(start) || start.starts_with(text))) { return nullptr; }
  }
  return longest;
}

void unreachable(const Named& what, const Named& why, Findings& out) {
  out.warn(what.word(), "no request reaches this location",
           "of regular expressions the first that matches is used, and none where a ^~ location matches",
           {related(why.word(), "it is used instead")});
}

void check_unreachable(const Site& site, Findings& out) {
  std::vector<Named> all = locations_of(site);
  std::map<std::pair<std::string, std::string>, const Named*> seen;
  std::vector<const Named*> deciding;  // ^~
  for (const Named& location : all) {
    if (location.name.modifier == "^~") { deciding.push_back(&location); }
  }
  const Named* everything = nullptr;
  for (const Named& location : all) {
    if (!location.name.regex()) { continue; }
    const Named* why = everything;
    if (why == nullptr) {
      auto [at, fresh] = seen.try_emplace({location.name.modifier, location.name.text}, &location);
      why = fresh ? hider(all, deciding, location) : at->second;
    }
    if (why != nullptr) { unreachable(location, *why, out); }
    if (everything == nullptr && pattern::matches_everything(location.name.text)) { everything = &location; }
  }
  if (everything == nullptr) { return; }
  for (const Named& location : all) {
    bool nests = std::any_of(location.site->inner.begin(), location.site->inner.end(),
                             [](const Site* inner) { return inner->is("location"); });
    if (location.name.modifier.empty() && !nests && !location.name.text.starts_with('@')) {
      unreachable(location, *everything, out);
    }
  }
}

// --- alias and root ---

void check_alias(const Site& site, Findings& out) {
  const Node* alias = site.is("location") ? site.first("alias") : nullptr;
  if (alias == nullptr || alias->argument_count() != 1) { return; }
  LocationName name = location_name(site.node);
  const std::string& folder = alias->argument(0);
  if (!name.prefix() || folder.find('$') != std::string::npos) { return; }
  if (folder.ends_with('/') && !name.text.ends_with('/')) {
    out.warn(site.node.words.back(), "\"" + name.text + "../x\" leads out of \"" + folder + "\"",
             "end the location's name with a slash, as the alias does",
             {related(alias->argument_word(0), "the folder")});
  }
}

void check_alias_slash(const Site& site, Findings& out) {
  const Node* alias = site.is("location") ? site.first("alias") : nullptr;
  if (alias == nullptr || alias->argument_count() != 1) { return; }
  LocationName name = location_name(site.node);
  const std::string& folder = alias->argument(0);
  if (!name.prefix() || folder.find('$') != std::string::npos || folder.ends_with('/')) { return; }
  if (name.text.ends_with('/')) {
    out.warn(alias->argument_word(0), "\"" + name.text + "x\" is looked for as \"" + folder + "x\"",
             "end the folder with a slash, as the location's name does");
  }
}

void check_roots(const Site& site, Findings& out) {
  if (!site.is("server") || site.first("root") != nullptr) { return; }
  std::vector<const Node*> roots;
  for (const Site* inner : site.inner) {
    if (!inner->is("location") || location_name(inner->node).exact()) { continue; }
    if (const Node* root = inner->first("root"); root != nullptr) { roots.push_back(root); }
  }
  bool same = roots.size() > 1 && std::all_of(roots.begin(), roots.end(), [&](const Node* root) {
                return last_argument(*root) == last_argument(*roots[0]);
              });
  // A folder that every location names belongs to the server: a location added later has none.
  if (!same) { return; }
  std::vector<Related> places;
  for (size_t i = 1; i < std::min<size_t>(roots.size(), 4); ++i) {
    places.push_back(related(roots[i]->words[0], "the same here"));
  }
  out.warn(roots[0]->words[0], "each location has the same \"root\", and the server has none",
           "put it into the server: other locations, and paths without one, serve from another folder now",
           std::move(places));
}

void check_root_folder(const Site& site, Findings& out) {
  for (const char* name : {"root", "alias"}) {
    const Node* root = site.first(name);
    if (root == nullptr || root->argument_count() != 1 || root->argument(0) != "/") { continue; }
    bool own_folder = root->name() == std::string_view("alias") && site.around("location") == nullptr;
    if (!own_folder) { out.warn(root->argument_word(0), "every file of the machine is served"); }
  }
}

// --- what never runs ---

bool is_access(std::string_view name) {
  return name == "deny" || name == "secure_link" || name.starts_with("auth_");
}

void check_after_return(const Site& site, Findings& out) {
  const Node* ends = site.is("location") ? site.first("return") : nullptr;
  if (ends == nullptr) { return; }
  bool refuses = ends->argument_count() > 0 && ends->argument(0) >= "400" && ends->argument(0).size() == 3;
  static constexpr std::string_view kSkipped[] = {"proxy_pass",   "grpc_pass",  "fastcgi_pass", "uwsgi_pass",
                                                  "try_files",    "alias",      "deny",         "auth_basic",
                                                  "auth_request", "secure_link"};
  for (std::string_view name : kSkipped) {
    const Node* skipped = site.first(name);
    if (skipped == nullptr || last_argument(*skipped) == "off" || (refuses && is_access(name))) { continue; }
    out.warn(skipped->words[0], "\"" + std::string(name) + "\" is never come to",
             "\"return\" answers before, whatever the order they are written in",
             {related(ends->words[0], "answers every request")});
  }
}

void check_try_files(const Site& site, Findings& out) {
  const Node* files = site.first("try_files");
  if (files == nullptr || files->argument_count() < 2) { return; }
  std::string_view last = last_argument(*files);
  if (last == "$uri" || last == "$uri/") {
    out.warn(files->words.back(), "the last argument is where to go on, and that is here again: a circle",
             "end with =404, a path that exists, or a @named location");
  }
}

const LintRule never{"location-unreachable",
                     "Another location takes every request that this one could serve.", check_unreachable};
const LintRule traversal{"alias-traversal",
                         "The alias ends in a slash and the location does not: its name with .. leads out.",
                         check_alias};
const LintRule alias_slash{"alias-slash",
                           "The location ends in a slash and the alias does not: names grow together.",
                           check_alias_slash};
const LintRule roots{"root-in-locations", "Every location repeats one root, and the server has none.",
                     check_roots};
const LintRule root_folder{"root-filesystem", "The whole file system is served.", check_root_folder};
const LintRule after_return{"return-skips",
                            "A location answers by return and has access rules or content that never count.",
                            check_after_return};
const LintRule circle{"try-files-circle", "try_files goes on at the path that it began with.",
                      check_try_files};
const LintRegistration never_registered(never), traversal_registered(traversal),
    slash_registered(alias_slash), roots_registered(roots), root_folder_registered(root_folder),
    after_return_registered(after_return), circle_registered(circle);

}  // namespace

}  // namespace sluice::conf
