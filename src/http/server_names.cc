#include "http/server_names.h"

#include "base/text.h"
#include "http/host.h"

namespace sluice::http {

string_view bare_host(string_view authority) {
  // Most names end in a letter: there is no port to be cut off, nor a dot.
  if (!authority.empty() && is_alpha(authority.back())) { return authority; }
  string_view host = split_host_port(authority).host;
  if (host.ends_with('.')) { host.remove_suffix(1); }
  return host;
}

void ServerNamesBase::shrink_tables() {
  names_.shrink();
  patterns_.shrink_to_fit();
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
  if (void* server = names_.find(host)) { return {server, nullptr}; }
  return patterns_.empty() ? Match() : find_pattern(host, arena, captures);
}

}  // namespace sluice::http
