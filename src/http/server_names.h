// Which server of one address and port a host name belongs to, in nginx's order: the exact name, the longest
// *.suffix, the longest prefix.*, the first regex that matches; else nobody, and the default server serves.
// A lookup folds and hashes the host in one pass, whatever the number of names. Servers are opaque: pointers
// that outlive the table.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "conf/regex.h"
#include "http/wildcard_names.h"

namespace sluice::http {

using std::string_view;

// Of a valid host[:port] (host.h): without the port, brackets kept, and without one final dot.
string_view bare_host(string_view authority);

class ServerNamesBase {
 public:
  using Added = WildcardNames::Added;  // conflict: warn 'conflicting server name "x" on …, ignored'
  size_t footprint() const { return names_.footprint(); }

 protected:
  struct Match {
    void* server = nullptr;
    const conf::Regex* regex = nullptr;
  };
  Added add_name(string_view name, void* server) { return names_.add(name, server); }
  void add_pattern(const conf::Regex* regex, void* server) { patterns_.push_back({regex, server}); }
  void shrink_tables();
  Match find_name(string_view host, Arena& arena, std::vector<string_view>& captures) const;

 private:
  struct Pattern {
    const conf::Regex* regex;
    void* server;
  };
  Match find_pattern(string_view host, Arena& arena, std::vector<string_view>& captures) const;

  WildcardNames names_;
  std::vector<Pattern> patterns_;
};

template <class Server>
class ServerNames : public ServerNamesBase {
 public:
  struct Found {
    Server* server = nullptr;            // null: the default server
    const conf::Regex* regex = nullptr;  // that matched and set the captures
  };

  // "example.com", "*.example.com", ".example.com" (both of these), "www.example.*", or "" (no Host at all).
  Added add(string_view name, Server* server) { return add_name(name, server); }
  // Names that begin with '~'; the regex sees the host lower-cased.
  void add(const conf::Regex* regex, Server* server) { add_pattern(regex, server); }
  // After the last add.
  void finish() { shrink_tables(); }

  // `host` as in Host or :authority; port, case and a final dot do not matter. Captures are views into `host`
  // or the arena.
  Found find(string_view host, Arena& arena, std::vector<string_view>& captures) const {
    Match match = find_name(host, arena, captures);
    return {static_cast<Server*>(match.server), match.regex};
  }
};

}  // namespace sluice::http
