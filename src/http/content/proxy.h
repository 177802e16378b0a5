// proxy_pass and its settings.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "conf/expression.h"
#include "conf/regex.h"
#include "conf/value.h"
#include "http/content.h"
#include "http/field.h"
#include "http/field_rules.h"
#include "http/request.h"
#include "http/rewrite_fields.h"
#include "upstream/all_groups.h"

namespace sluice::http {

// One proxy_set_header.
struct SetField {
  std::string name;
  FieldId id;
  conf::Expression value;
};

// proxy_redirect, proxy_cookie_domain, proxy_cookie_path: what is replaced by what.
struct Replacement {
  conf::Expression from;
  std::shared_ptr<const conf::Regex> regex;  // instead of `from`
  conf::Expression to;
};

struct CookieFlags {
  conf::Expression cookie;
  std::shared_ptr<const conf::Regex> regex;
  std::vector<conf::Expression> flags;
};

// proxy_next_upstream.
namespace retry_on {
inline constexpr uint32_t kError = 1, kTimeout = 2, kInvalidHeader = 4, k500 = 8, k502 = 16, k503 = 32,
                          k504 = 64, k403 = 128, k404 = 256, k429 = 512, kNonIdempotent = 1024;
}

// Field names that are treated otherwise than the rest, quick to ask for known ones.
class NameSet {
 public:
  void add(std::string name) {
    FieldId id = field_id(name);
    if (id != FieldId::unknown) {
      known_[static_cast<size_t>(id)] = true;
    } else {
      unknown_.push_back(std::move(name));
    }
  }
  void remove(const std::string& name);
  bool has(FieldId id) const { return known_[static_cast<size_t>(id)]; }
  bool has(const Field& field) const {
    if (field.id != FieldId::unknown) { return known_[static_cast<size_t>(field.id)]; }
    return !unknown_.empty() && has_unknown(field.name);
  }

 private:
  bool has_unknown(string_view name) const;
  bool known_[kFieldIds] = {};
  std::vector<std::string> unknown_;
};

struct ProxySettings {
  conf::Milliseconds connect_timeout{60'000};
  conf::Milliseconds send_timeout{60'000};
  conf::Milliseconds read_timeout{60'000};
  std::vector<SetField> set_fields;
  NameSet set_names;
  std::vector<FieldRule> field_rules;
  std::vector<std::string> hide;
  std::vector<std::string> pass;
  bool pass_request_headers = true;
  bool pass_request_body = true;
  conf::Expression method;
  conf::Expression body;
  bool has_body = false;
  enum class Version : uint8_t { v10, v11 } version = Version::v11;
  std::vector<Replacement> redirects;
  bool redirect_default = true;
  std::vector<Replacement> cookie_domains;
  std::vector<Replacement> cookie_paths;
  std::vector<CookieFlags> cookie_flags;
  bool buffering = true;
  conf::Size buffer_size{0};  // 0: our own limit for heads
  conf::Buffers buffers{8, 8192};
  bool buffers_given = false;
  const conf::Scope* checked_for = nullptr;  // the block whose sizes will be compared
  conf::Size busy_buffers_size{0};
  conf::Size max_temp_file_size{1u << 30};
  conf::Size temp_file_write_size{0};
  std::string temp_path;
  bool request_buffering = true;
  bool ignore_client_abort = false;
  bool intercept_errors = false;
  uint32_t next_upstream = retry_on::kError | retry_on::kTimeout;
  uint64_t next_tries = 0;
  conf::Milliseconds next_timeout{0};
  conf::Expression bind;
  conf::Expression limit_rate;
  bool socket_keepalive = false;
  NameSet ignore_fields;
  bool force_ranges = false;
  std::vector<std::string> upgrade_tokens = {"websocket"};
  bool pass_trailers = false;
};

// For directives of sizes: compares them with each other once the block is complete.
void check_proxy_buffers(conf::Build& build, conf::Scope& scope, const conf::Node& node);

// Where a request goes: computed per request when proxy_pass has variables.
struct ProxyTarget {
  upstream::Group* group = nullptr;  // null: `host` is a name that a resolver must tell
  upstream::MadeGroup made;          // keeps `group` alive when no configuration does
  string_view host;                  // $proxy_host: as in proxy_pass, with port unless it is the default
  uint16_t port = 80;
  string_view target;  // path and query to ask for
};

class ProxyPass final : public Content {
 public:
  event::Task<Result<void>> answer(Request& request) const override;
  const char* name() const override { return "proxy"; }
  bool explain(Request& request, Facts& facts) const override;
  const Content* inherited(conf::Build& build, const conf::Settings& settings) const override;
  bool redirects_bare_name() const override { return true; }

  conf::Expression url;   // as written
  std::string location;   // the location's name, replaced by uri_
  bool replaces = false;  // proxy_pass has a URI: it replaces the location's name
  std::string host;       // constant: host[:port]
  uint16_t port = 0;      // constant; 0: a unix socket
  std::string uri;        // constant: what follows
  upstream::Group* group = nullptr;
  NameSet hidden;  // of responses: defaults, proxy_hide_header and proxy_pass_header applied
  upstream::AllGroups* groups = nullptr;  // when the URL has variables

  // False: refused already (request.answer_with).
  bool find_target(Request& request, ProxyTarget& target) const;

 private:
  bool evaluate_target(Request& request, ProxyTarget& target) const;
};

// What the proxy knows about one request while it serves it; found by variables.
struct ProxyState {
  const ProxyPass* pass;
  ProxyTarget target;
};

// Asks the resolver of the location for the servers behind target.host. False: refused already.
event::Task<bool> resolve_target(Request& request, upstream::AllGroups& groups, ProxyTarget& target);

// Whether the client gets an interim answer (1xx) of this status.
bool passes_interim(Request& request, uint16_t status);

// What the answer's body comes from: the origin, at most at the rate of proxy_limit_rate.
Source* body_source(Request& request, const ProxySettings& settings, Source& origin);
// Adds what passes the origin's trailer fields on, when the client or the configuration asks for them.
void pass_trailers(Request& request, const ProxySettings& settings, const Fields& trailers);

// Composes the head of the request to the origin. `length` of the body, -1 for chunked, -2 for none.
string_view compose_request(Request& request, const ProxySettings& settings, const ProxyTarget& target,
                            int64_t length, bool upgrade);
// Whether an Upgrade value offers HTTP/2 without TLS: never passed on, it would bypass everything here.
bool names_h2c(string_view upgrade);
inline constexpr int64_t kChunkedBody = -1;
inline constexpr int64_t kNoBody = -2;

// Turns an origin's head into the response: hop-by-hop, hidden and X-Accel fields, redirects, cookies.
// Returns again or done when the response is to be something else (X-Accel-Redirect, an intercepted error),
// else next.
Verdict take_response(Request& request, const ProxyPass& pass, const ProxySettings& settings,
                      const ProxyTarget& target, const ResponseHead& head);

// Both ways until both have ended, after a 101.
struct Tunnelled {
  uint64_t up = 0;  // bytes written to the origin
  uint64_t down = 0;
};
event::Task<void> tunnel(Request& request, net::Connection& client, Chain from_client,
                         net::Connection& origin, Chain from_origin, uint64_t timeout, Tunnelled& moved);

}  // namespace sluice::http
