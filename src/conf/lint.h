// Warnings of what is right by the letter and wrong all the same: `sluice -t` and `sluice lint`. A rule looks
// at the configuration as it is written, so that it needs no directive to exist, and has an id by which a
// comment can silence it: "# lint: ignore ID …" on the line or above it.
//
//   void check(const Site& site, Findings& out) { if (site.is("server") && …) { out.warn(…); } }
//   const LintRule rule{"some-id", "What is wrong with it, in one sentence.", check};
//   const LintRegistration registered(rule);
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/registry.h"
#include "conf/diagnostics.h"
#include "conf/tree.h"

namespace sluice::conf {

// A block and those around it.
class Site {
 public:
  Site(const Node& node, const Site* outer) : node(node), outer(outer) {}

  const Node& node;
  const Site* outer;  // null: this is the whole configuration
  std::vector<const Site*> inner;

  bool is(std::string_view name) const { return outer != nullptr && node.name() == name; }
  // The nearest block around this one, or it itself, that is called so; null when there is none.
  const Site* around(std::string_view name) const;
  // The directives of this block that are called so.
  const std::vector<const Node*>& all(std::string_view name) const;
  const Node* first(std::string_view name) const {
    const std::vector<const Node*>& found = all(name);
    return found.empty() ? nullptr : found[0];
  }
  // The nearest block, from this one outwards, that has such a directive; null when none has.
  const Site* setting(std::string_view name) const;

 private:
  // Every block inside asks what stands here.
  mutable std::unordered_map<std::string_view, std::vector<const Node*>> by_name_;
};

struct LintRule;

class Findings {
 public:
  explicit Findings(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}
  void warn(const Word& at, std::string text, std::string hint = {}, std::vector<Related> related = {});

 private:
  friend void lint(const Tree& tree, Diagnostics& diagnostics);
  Diagnostics& diagnostics_;
  const LintRule* rule_ = nullptr;
};

struct LintRule {
  const char* id;
  const char* manual;
  void (*check)(const Site& site, Findings& out);  // called for every block; null: the build itself warns so
};
using LintRegistration = Registry<const LintRule>::Entry;

// The rules by their ids.
std::vector<const LintRule*> lint_rules();

// Asks every rule about every block.
void lint(const Tree& tree, Diagnostics& diagnostics);
// Forgets the warnings, of rules and of the build, that comments silence.
void silence(const Tree& tree, Diagnostics& diagnostics);

// A word as a place to be shown beside a warning.
Related related(const Word& word, std::string text);

}  // namespace sluice::conf
