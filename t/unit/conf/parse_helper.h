// For tests of conf: text to tree to one readable line.
#pragma once

#include <string>

#include "conf/diagnostics.h"
#include "conf/parser.h"
#include "conf/tree.h"

namespace sluice::conf::test {

// "a b; c { d; }" with each word in [].
inline std::string shape(const Node& node) {
  std::string out;
  for (const Node& child : node.children) {
    out += out.empty() ? "" : " ";
    for (const Word& word : child.words) { out += "[" + word.text + "]"; }
    out += child.block ? "{" + shape(child) + "}" : ";";
  }
  return out;
}

// The messages, one a line: "12:3 text" and, when there is one, " (hint)".
inline std::string messages(const Diagnostics& diagnostics) {
  std::string out;
  for (const Diagnostic& one : diagnostics.all()) {
    out += out.empty() ? "" : "\n";
    out += std::to_string(one.at.line) + ":" + std::to_string(one.at.column) + " " + one.text;
    out += one.hint.empty() ? "" : " (" + one.hint + ")";
  }
  return out;
}

struct Parsed {
  explicit Parsed(std::string text, const ParseOptions& options = {"/nonexistent/"}) {
    parse_text(tree, "test.conf", std::move(text), options, diagnostics);
  }
  std::string shape() const { return test::shape(tree.root); }
  std::string messages() const { return test::messages(diagnostics); }
  Tree tree;
  Diagnostics diagnostics;
};

}  // namespace sluice::conf::test
