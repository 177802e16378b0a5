// What proxying changes in the fields of an answer: proxy_redirect on Location and Refresh, and
// proxy_cookie_domain, _path and _flags on Set-Cookie. Pure helpers: the caller walks its rules in order,
// takes the first that matches, and evaluates replacements that hold variables.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "conf/regex.h"

namespace sluice::http {

using std::string_view;

// proxy_redirect from to: the value with `from` at its begin replaced; nothing when it does not begin so.
// Control characters in the result are escaped: `to` may have come out of variables.
std::optional<string_view> replace_prefix(Arena& arena, string_view value, string_view from, string_view to);
// proxy_redirect ~regex to: whether the rule applies; the caller then evaluates `to` with the captures, and
// the result replaces the whole value.
inline bool redirect_matches(const conf::Regex& regex, string_view value,
                             std::vector<string_view>& captures) {
  return regex.match(value, captures);
}
// proxy_redirect default: what proxy_pass names becomes what the location is called. Equal to
// replace_prefix(value, proxy_pass_url, location_name).

// Where the URL of a Refresh field starts ("5; url=/x"); nothing when there is none.
std::optional<size_t> refresh_url(string_view value);

// One Set-Cookie value, taken apart into its attributes (RFC 6265 5.2) and put together again when something
// changed. Views into the value and what is set: both outlive this.
class SetCookie {
 public:
  explicit SetCookie(string_view value);

  string_view name() const { return name_; }
  // Value of the attribute, as written; nothing when it is absent. The last one counts (RFC 6265 5.3).
  std::optional<string_view> domain() const { return attribute(kDomain); }
  std::optional<string_view> path() const { return attribute(kPath); }

  // proxy_cookie_domain from to: without regard to case and leading dots.
  bool replace_domain(string_view from, string_view to);
  // proxy_cookie_path from to: `from` at the begin of the path.
  bool replace_path(Arena& arena, string_view from, string_view to);
  // After a regex matched: the whole attribute. No effect on an absent one.
  void set_domain(string_view to) { set(kDomain, to); }
  void set_path(string_view to) { set(kPath, to); }

  enum class SameSite : uint8_t { keep, remove, none, lax, strict };
  struct Flags {
    std::optional<bool> secure, http_only;  // set or removed; else left alone
    SameSite same_site = SameSite::keep;
  };
  // Adds a word of proxy_cookie_flags (secure, nosecure, httponly, nohttponly, samesite=…, nosamesite).
  // False: no such flag.
  static bool parse_flag(string_view word, Flags& flags);
  void apply(const Flags& flags);

  bool changed() const { return changed_; }
  // The value to send: the original if nothing changed. CR, LF and NUL come out escaped.
  string_view text(Arena& arena) const;

 private:
  enum Which : uint8_t { kDomain, kPath, kSecure, kHttpOnly, kSameSite, kOther };
  struct Attribute {
    Which which;
    string_view text;  // as written, trimmed; of an attribute that was set: its new value
    bool set = false;
  };
  static Which which(string_view name);
  std::optional<string_view> attribute(Which which) const;
  void set(Which which, string_view to);
  void add(Which which, string_view to = {});
  void remove(Which which);
  void apply_flag(Which which, std::optional<bool> wanted);

  string_view original_;
  string_view pair_;
  string_view name_;
  std::vector<Attribute> attributes_;
  bool changed_ = false;
};

}  // namespace sluice::http
