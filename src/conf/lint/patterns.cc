// Regular expressions, wherever a configuration has them.
#include "conf/lint.h"
#include "conf/lint/names.h"
#include "conf/lint/pattern.h"

namespace sluice::conf {

namespace {

struct Found {
  const Word* word;
  std::string_view regex;
};

void add_tilde(const Word& word, std::vector<Found>& out) {
  std::string_view text = word.text;
  if (!text.starts_with('~')) { return; }
  text.remove_prefix(text.starts_with("~*") ? 2 : 1);
  out.push_back({&word, text});
}

// if ($x ~ "regex"): the last word ends in the parenthesis of the condition.
void add_condition(const Node& node, std::vector<Found>& out) {
  for (size_t i = 0; i + 1 < node.argument_count(); ++i) {
    std::string_view word = node.argument(i);
    if (word != "~" && word != "~*" && word != "!~" && word != "!~*") { continue; }
    const Word& pattern = node.argument_word(i + 1);
    std::string_view text = pattern.text;
    if (!pattern.quoted && text.ends_with(')')) { text.remove_suffix(1); }
    out.push_back({&pattern, text});
  }
}

std::vector<Found> regexes_of(const Site& site) {
  std::vector<Found> out;
  if (site.outer == nullptr) { return out; }
  if (site.is("location") && site.node.argument_count() > 0) {
    LocationName name = location_name(site.node);
    const std::string& text = site.node.words.back().text;
    if (name.regex()) {
      out.push_back({&site.node.words.back(), std::string_view(text).substr(text.size() - name.text.size())});
    }
  }
  if (site.is("if")) { add_condition(site.node, out); }
  if (site.is("map")) {
    for (const Node& line : site.node.children) { add_tilde(line.words[0], out); }
  }
  for (const Node& child : site.node.children) {
    if (child.name() == "server_name") {
      for (size_t i = 0; i < child.argument_count(); ++i) { add_tilde(child.argument_word(i), out); }
    }
    if (child.name() == "rewrite" && child.argument_count() > 1) {
      out.push_back({&child.argument_word(0), child.argument(0)});
    }
  }
  return out;
}

void check_backtracking(const Site& site, Findings& out) {
  for (const Found& found : regexes_of(site)) {
    if (!pattern::backtracks(found.regex)) { continue; }
    out.warn(*found.word, "this regular expression can take very long for a text that almost matches",
             "a repeated group should not consist of repeated parts only: (a+)+ is a+");
  }
}

void check_dot(const Site& site, Findings& out) {
  for (const Found& found : regexes_of(site)) {
    std::string_view extension = pattern::loose_dot(found.regex);
    if (extension.empty()) { continue; }
    out.warn(*found.word, "the dot before \"" + std::string(extension) + "\" stands for any character",
             "a dot is written \\.");
  }
}

void check_end(const Site& site, Findings& out) {
  if (!site.is("location")) { return; }
  LocationName name = location_name(site.node);
  if (!name.regex() || !pattern::open_end(name.text)) { return; }
  out.warn(site.node.words.back(),
           "this also matches paths that go on behind the extension, such as \"/x.php.txt\"",
           "end the regular expression with $");
}

// Names are matched anywhere in the host unless the pattern is bound to its ends.
void check_name(const Site& site, Findings& out) {
  if (!site.is("server")) { return; }
  for (const Node* node : site.all("server_name")) {
    for (size_t i = 0; i < node->argument_count(); ++i) {
      std::string_view text = node->argument(i);
      if (!text.starts_with('~') || text.ends_with('$')) { continue; }
      out.warn(node->argument_word(i), "this also matches names that go on behind it, which others may own",
               "end the regular expression with $");
    }
  }
}

const LintRule backtracking{"regex-backtracking", "A regular expression whose time can grow exponentially.",
                            check_backtracking};
const LintRule dot{"regex-dot", "A dot before an extension that is not escaped.", check_dot};
const LintRule end{"regex-end", "A location for an extension that does not end with it.", check_end};
const LintRule name{"server-name-regex", "The regular expression of a server_name is open at its end.",
                    check_name};
const LintRegistration backtracking_registered(backtracking), dot_registered(dot), end_registered(end),
    name_registered(name);

}  // namespace

}  // namespace sluice::conf
