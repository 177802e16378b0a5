// What a `map` block becomes: from a text to an expression, in nginx's order: the exact text, with
// `hostnames` the longest mask, the first regex that matches, the default. Case does not matter but in a
// regex. A lookup hashes the text once, whatever the number of entries.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "conf/expression.h"
#include "conf/matcher.h"
#include "http/wildcard_names.h"

namespace sluice::http {

class MapTable {
 public:
  using Added = WildcardNames::Added;

  explicit MapTable(bool hostnames) : hostnames_(hostnames) {}
  Added add(string_view source, const conf::Expression& result);
  void add(const conf::Matcher& pattern, const conf::Expression& result);
  // False: there is one already.
  bool set_default(const conf::Expression& result);
  // After the last add.
  void finish();

  // Null: nothing fits, and there is no default. A regex that matches sets the captures.
  const conf::Expression* find(conf::Evaluation& in, string_view source) const;
  size_t footprint() const;

 private:
  struct Pattern {
    const conf::Matcher* matcher;
    const conf::Expression* result;
  };
  const conf::Expression* keep(const conf::Expression& result);
  const conf::Expression* find_text(conf::Evaluation& in, string_view source) const;

  bool hostnames_;
  size_t longest_ = 0;  // of the exact texts
  NameTable<const conf::Expression*> exact_;
  WildcardNames masks_;
  std::vector<Pattern> patterns_;
  const conf::Expression* default_ = nullptr;
  std::deque<conf::Expression> results_;                            // each text once: most maps have few
  std::unordered_map<string_view, const conf::Expression*> known_;  // while adding
};

}  // namespace sluice::http
