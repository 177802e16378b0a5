#include "http/server_names.h"

#include "base/text.h"
#include "http/host.h"

namespace sluice::http {

namespace {

uint32_t hash_backwards(string_view text) {
  uint32_t hash = kNameHashStart;
  for (size_t i = text.size(); i > 0; --i) { hash = name_hash_step(hash, text[i - 1]); }
  return hash;
}

void* value_or_null(void* const* found) { return found == nullptr ? nullptr : *found; }

}  // namespace

string_view bare_host(string_view authority) {
  // Most names end in a letter: there is no port to be cut off, nor a dot.
  if (!authority.empty() && is_alpha(authority.back())) { return authority; }
  string_view host = split_host_port(authority).host;
  if (host.ends_with('.')) { host.remove_suffix(1); }
  return host;
}

ServerNamesBase::Added ServerNamesBase::add_name(string_view name, void* server) {
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
      (trailing && (leading || both))) {
    return Added::invalid;
  }
  bool added = true;
  if (!leading && !trailing) { added = exact_.add(core, name_hash(core), server) && added; }
  if (leading || both) { added = leading_.add(core, hash_backwards(core), server) && added; }
  if (trailing) { added = trailing_.add(core, name_hash(core), server) && added; }
  return added ? Added::yes : Added::conflict;
}

void ServerNamesBase::shrink_tables() {
  exact_.shrink();
  leading_.shrink();
  trailing_.shrink();
  patterns_.shrink_to_fit();
}

// Hashes from the end; whatever is left in front of a dot has a suffix behind it. The last hit is the
// longest.
void* ServerNamesBase::find_suffix(string_view lowered) const {
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

void* ServerNamesBase::find_hashed(string_view host) const {
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

// Captures must outlive this call: a host with capitals is folded in the arena.
ServerNamesBase::Match ServerNamesBase::find_pattern(string_view host, Arena& arena,
                                                     std::vector<string_view>& captures) const {
  string_view subject = host;
  for (char c : host) {
    if (c != lower(c)) {
      char* room = arena.characters(host.size());
      for (size_t i = 0; i < host.size(); ++i) { room[i] = lower(host[i]); }
      subject = {room, host.size()};
      break;
    }
  }
  for (const Pattern& pattern : patterns_) {
    if (pattern.regex->match(subject, captures)) { return {pattern.server, pattern.regex}; }
  }
  return {};
}

ServerNamesBase::Match ServerNamesBase::find_name(string_view host, Arena& arena,
                                                  std::vector<string_view>& captures) const {
  host = bare_host(host);
  if (host.size() <= kLongestName) {
    if (void* server = find_hashed(host)) { return {server, nullptr}; }
  }
  return patterns_.empty() ? Match() : find_pattern(host, arena, captures);
}

}  // namespace sluice::http
