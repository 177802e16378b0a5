#include "http/wildcard_names.h"

#include "base/text.h"

namespace sluice::http {

namespace {

uint32_t hash_backwards(string_view text) {
  uint32_t hash = kNameHashStart;
  for (size_t i = text.size(); i > 0; --i) { hash = name_hash_step(hash, text[i - 1]); }
  return hash;
}

void* value_or_null(void* const* found) { return found == nullptr ? nullptr : *found; }

}  // namespace

WildcardNames::Added WildcardNames::add(string_view name, void* value) {
  std::string lowered = to_lower(name);
  string_view text = lowered;
  if (text.size() > kLongestName) { return Added::invalid; }
  bool leading = text.starts_with("*.");
  bool both = text.starts_with('.');
  bool trailing = text.ends_with(".*");
  string_view core = text.substr(leading ? 2 : both ? 1 : 0);
  core.remove_suffix(trailing ? 2 : 0);
  bool wild = leading || both || trailing;
  if ((wild && (core.empty() || core.starts_with('.'))) || core.find('*') != string_view::npos ||
      core.find("..") != string_view::npos || (trailing && (leading || both))) {
    return Added::invalid;
  }
  bool added = true;
  if (!leading && !trailing) { added = exact_.add(core, name_hash(core), value) && added; }
  if (leading || both) { added = leading_.add(core, hash_backwards(core), value) && added; }
  if (trailing) { added = trailing_.add(core, name_hash(core), value) && added; }
  return added ? Added::yes : Added::conflict;
}

void WildcardNames::shrink() {
  exact_.shrink();
  leading_.shrink();
  trailing_.shrink();
}

// Hashes from the end; whatever is left in front of a dot has a suffix behind it. The last hit is the
// longest.
void* WildcardNames::find_suffix(string_view lowered) const {
  void* longest = nullptr;
  uint32_t hash = kNameHashStart;
  for (size_t i = lowered.size(); i > 1; --i) {
    if (lowered[i - 1] == '.') {
      void* found = value_or_null(leading_.find(lowered.substr(i), hash));
      longest = found != nullptr ? found : longest;
    }
    hash = name_hash_step(hash, lowered[i - 1]);
  }
  return longest;
}

void* WildcardNames::find(string_view host) const {
  if (host.size() > kLongestName) { return nullptr; }
  char room[kLongestName];
  uint32_t hash = kNameHashStart;
  void* longest_prefix = nullptr;
  for (size_t i = 0; i < host.size(); ++i) {
    char c = lower(host[i]);
    if (c == '.' && !trailing_.empty() && i + 1 < host.size()) {
      void* found = value_or_null(trailing_.find({room, i}, hash));
      longest_prefix = found != nullptr ? found : longest_prefix;
    }
    room[i] = c;
    hash = name_hash_step(hash, c);
  }
  string_view lowered(room, host.size());
  if (void* found = value_or_null(exact_.find(lowered, hash))) { return found; }
  if (!leading_.empty()) {
    if (void* found = find_suffix(lowered)) { return found; }
  }
  return longest_prefix;
}

}  // namespace sluice::http
