// Which location serves a normalised path, in nginx's order:
//   1. an exact location (=);
//   2. the longest prefix location is remembered, and the search goes on inside it (nested locations);
//   3. unless that prefix location was ^~, the first regex location that matches, in order of appearance;
//   those
//      inside the prefix location come before those beside it;
//   4. else the remembered prefix location, the innermost one.
// Built by the configuration, then only read. The tree knows nothing of locations: it carries pointers that
// outlive it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "conf/regex.h"
#include "http/prefix_tree.h"

namespace sluice::http {

template <class Location>
class LocationTree {
 public:
  struct Prefix {
    bool no_regex = false;        // ^~
    bool slash_redirect = false;  // proxied, and the name ends in '/': the name without it gets a 301
    const LocationTree* nested = nullptr;
  };
  struct Found {
    Location* location = nullptr;        // null: none matches, the server's own settings serve
    const conf::Regex* regex = nullptr;  // that set the captures: of the location, or of one around it
    bool exact = false;
    bool add_slash = false;  // answer 301 with path + '/'
  };

  void add_exact(std::string_view path, Location* location, bool slash_redirect = false) {
    add(path, true, {location, kNotNested, false, slash_redirect});
  }
  void add_prefix(std::string_view path, Location* location, Prefix options = {}) {
    uint32_t nested = kNotNested;
    if (options.nested != nullptr) {
      nested = static_cast<uint32_t>(nested_.size());
      nested_.push_back(options.nested);
    }
    add(path, false, {location, nested, options.no_regex, options.slash_redirect});
  }
  void add_regex(const conf::Regex* regex, Location* location, const LocationTree* nested = nullptr) {
    regexes_.push_back({regex, location, nested});
  }
  // Apart from all others: only error_page, try_files and the like name them. False: there is one already.
  bool add_named(std::string_view name, Location* location) {
    if (find_named(name) != nullptr) { return false; }
    named_.push_back({std::string(name), location});
    return true;
  }

  // Once, after the last add. Returns the locations whose path another one had before ("duplicate location").
  std::vector<Location*> build() {
    std::vector<Location*> duplicates;
    for (uint32_t i : tree_.build(std::move(names_))) { duplicates.push_back(entries_[i].location); }
    names_ = {};
    entries_.shrink_to_fit();
    regexes_.shrink_to_fit();
    return duplicates;
  }

  // `captures` is written only when a regex location is found; views into `path`.
  Found find(std::string_view path, std::vector<std::string_view>& captures) const {
    Found found;
    search(path, captures, found);
    return found;
  }
  Location* find_named(std::string_view name) const {
    auto at = std::find_if(named_.begin(), named_.end(), [&](const Named& it) { return it.name == name; });
    return at == named_.end() ? nullptr : at->location;
  }

  bool empty() const { return entries_.empty() && regexes_.empty(); }
  size_t footprint() const { return tree_.footprint() + entries_.capacity() * sizeof(Entry); }

 private:
  static constexpr uint32_t kNotNested = UINT32_MAX;
  struct Entry {
    Location* location;
    uint32_t nested;  // index into nested_: most locations have none and pay four bytes
    bool no_regex;
    bool slash_redirect;
  };
  struct Pattern {
    const conf::Regex* regex;
    Location* location;
    const LocationTree* nested;
  };
  struct Named {
    std::string name;
    Location* location;
  };

  void add(std::string_view path, bool exact, Entry entry) {
    names_.push_back({std::string(path), static_cast<uint32_t>(entries_.size()), exact});
    entries_.push_back(entry);
  }

  // True: decided, no regex outside may change it.
  bool search(std::string_view path, std::vector<std::string_view>& captures, Found& found) const {
    bool no_regex = false;
    if (search_names(path, captures, found, no_regex)) { return true; }
    return !no_regex && search_regexes(path, captures, found);
  }

  bool search_names(std::string_view path, std::vector<std::string_view>& captures, Found& found,
                    bool& no_regex) const {
    PrefixTree::Found names = tree_.find(path);
    if (names.exact != PrefixTree::kNone) {
      take(found, entries_[names.exact], true, false);
      return true;
    }
    for (uint32_t slashed : {names.slash_exact, names.slash_prefix}) {
      if (slashed != PrefixTree::kNone && entries_[slashed].slash_redirect) {
        take(found, entries_[slashed], false, true);
        return true;
      }
    }
    if (names.prefix == PrefixTree::kNone) { return false; }
    const Entry& entry = entries_[names.prefix];
    take(found, entry, false, false);
    no_regex = entry.no_regex;
    return entry.nested != kNotNested && nested_[entry.nested]->search(path, captures, found);
  }

  static void take(Found& found, const Entry& entry, bool exact, bool add_slash) {
    found.location = entry.location;
    found.exact = exact;
    found.add_slash = add_slash;
  }

  bool search_regexes(std::string_view path, std::vector<std::string_view>& captures, Found& found) const {
    for (const Pattern& pattern : regexes_) {
      if (!pattern.regex->match(path, captures)) { continue; }
      found = {pattern.location, pattern.regex, false, false};
      if (pattern.nested != nullptr) { search_inside(pattern, path, captures, found); }
      return true;
    }
    return false;
  }

  // Nested patterns that were tried in vain must not cost the outer one its captures.
  static void search_inside(const Pattern& outer, std::string_view path,
                            std::vector<std::string_view>& captures, Found& found) {
    outer.nested->search(path, captures, found);
    if (found.regex == outer.regex && !outer.nested->regexes_.empty()) { outer.regex->match(path, captures); }
  }

  PrefixTree tree_;
  std::vector<PrefixTree::Name> names_;  // until build()
  std::vector<Entry> entries_;
  std::vector<const LocationTree*> nested_;
  std::vector<Pattern> regexes_;
  std::vector<Named> named_;
};

}  // namespace sluice::http
