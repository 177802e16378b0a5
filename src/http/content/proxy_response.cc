// An origin's head becomes the response.
#include <algorithm>

#include "base/clock.h"
#include "base/text.h"
#include "http/content/proxy.h"
#include "http/hop_by_hop.h"
#include "http/uri.h"

namespace sluice::http {

namespace {

// A field that the origin sent and that is to be obeyed.
bool obeyed(const ProxySettings& settings, const Fields& fields, FieldId id) {
  return fields.has(id) && !settings.ignore_fields.has(id);
}

std::optional<string_view> replaced_by(Request& r, const Replacement& rule, string_view value) {
  if (rule.regex != nullptr) {
    if (!rule.regex->match(value, r.capture_store)) { return std::nullopt; }
    r.captures = &r.capture_store;
    return escape(r.arena(), rule.to.evaluate(r), Escape::value);
  }
  return replace_prefix(r.arena(), value, rule.from.evaluate(r), rule.to.evaluate(r));
}

// What the default rule of proxy_redirect undoes: the URL that proxy_pass names.
std::optional<string_view> undo_pass(Request& r, const ProxyPass& pass, string_view value) {
  if (!pass.url.constant() || !pass.replaces) {
    if (!pass.url.constant()) { return std::nullopt; }
    string_view whole = r.arena().join(pass.url.text(), "/");
    return replace_prefix(r.arena(), value, whole, "/");
  }
  return replace_prefix(r.arena(), value, pass.url.text(), pass.location);
}

string_view redirect_value(Request& r, const ProxyPass& pass, const ProxySettings& settings,
                           string_view value) {
  std::optional<string_view> changed;
  for (const Replacement& rule : settings.redirects) {
    changed = replaced_by(r, rule, value);
    if (changed) { break; }
  }
  if (!changed && settings.redirect_default) { changed = undo_pass(r, pass, value); }
  if (!changed) { return value; }
  return changed->starts_with('/') && r.core().absolute_redirect ? r.absolute_url(*changed) : *changed;
}

string_view refresh_value(Request& r, const ProxyPass& pass, const ProxySettings& settings,
                          string_view value) {
  auto at = refresh_url(value);
  if (!at) { return value; }
  string_view url = value.substr(*at);
  string_view changed = redirect_value(r, pass, settings, url);
  return changed.data() == url.data() ? value : r.arena().join(value.substr(0, *at), changed);
}

bool cookie_rule_applies(Request& r, const CookieFlags& rule, string_view name) {
  if (rule.regex != nullptr) { return rule.regex->matches(name); }
  return rule.cookie.evaluate(r) == name;
}

void replace_attribute(Request& r, const std::vector<Replacement>& rules, SetCookie& cookie, bool domain) {
  auto present = domain ? cookie.domain() : cookie.path();
  if (!present) { return; }
  for (const Replacement& rule : rules) {
    if (rule.regex != nullptr) {
      if (!rule.regex->match(*present, r.capture_store)) { continue; }
      r.captures = &r.capture_store;
      string_view to = rule.to.evaluate(r);
      domain ? cookie.set_domain(to) : cookie.set_path(to);
      return;
    }
    string_view from = rule.from.evaluate(r);
    string_view to = rule.to.evaluate(r);
    if (domain ? cookie.replace_domain(from, to) : cookie.replace_path(r.arena(), from, to)) { return; }
  }
}

string_view cookie_value(Request& r, const ProxySettings& settings, string_view value) {
  if (settings.cookie_domains.empty() && settings.cookie_paths.empty() && settings.cookie_flags.empty()) {
    return value;
  }
  SetCookie cookie(value);
  replace_attribute(r, settings.cookie_domains, cookie, true);
  replace_attribute(r, settings.cookie_paths, cookie, false);
  for (const CookieFlags& rule : settings.cookie_flags) {
    if (!cookie_rule_applies(r, rule, cookie.name())) { continue; }
    SetCookie::Flags flags;
    for (const conf::Expression& word : rule.flags) { SetCookie::parse_flag(word.evaluate(r), flags); }
    cookie.apply(flags);
    break;
  }
  return cookie.changed() ? cookie.text(r.arena()) : value;
}

// X-Accel-…: what the origin tells us and not the client.
void obey_accel(Request& r, const ProxySettings& settings, const Fields& fields, bool& buffering) {
  if (obeyed(settings, fields, FieldId::x_accel_limit_rate)) {
    if (auto rate = parse_decimal(fields.value(FieldId::x_accel_limit_rate))) { r.response.rate = *rate; }
  }
  if (obeyed(settings, fields, FieldId::x_accel_buffering)) {
    string_view value = fields.value(FieldId::x_accel_buffering);
    if (iequals(value, "no")) { buffering = false; }
    if (iequals(value, "yes")) { buffering = true; }
  }
}

// What the origin writes in, as it says beside the type.
void name_charset(Request& r, const Fields& fields) {
  string_view& type = r.response.content_type;
  if (type.empty() || type.find("charset=") != string_view::npos) { return; }
  type = r.arena().join(type, "; charset=", fields.value(FieldId::x_accel_charset));
}

Verdict accel_redirect(Request& r, string_view value, const Fields& fields) {
  // These describe the answer, wherever its body comes from.
  auto* kept = r.arena().make<Fields>(r.arena());
  for (FieldId id : {FieldId::content_type, FieldId::content_disposition, FieldId::set_cookie,
                     FieldId::accept_ranges, FieldId::cache_control, FieldId::expires}) {
    for (const Field& field : fields) {
      if (field.id == id) { kept->add(field); }
    }
  }
  r.kept_fields = kept;
  if (!r.is_head()) {
    r.head.method = Method::get;
    r.method_override = "GET";
  }
  if (value.starts_with('@')) { return r.redirect_to_named(value); }
  NormalPath normal;
  if (!normalise(r.arena(), value, true, normal)) { return r.refuse(404); }
  return r.redirect_internally(normal.path, normal.query, normal.has_query);
}

bool intercepted(const Request& r, const ProxySettings& settings, uint16_t status) {
  if (!settings.intercept_errors || status < 300) { return false; }
  for (const ErrorPage& page : r.core().error_pages) {
    if (std::find(page.codes.begin(), page.codes.end(), status) != page.codes.end()) { return true; }
  }
  return false;
}

void copy_fields(Request& r, const ProxyPass& pass, const ProxySettings& settings, const Fields& fields) {
  HopByHop hop(fields);
  for (const Field& field : fields) {
    if (pass.hidden.has(field) || hop.ends_here(field)) { continue; }
    string_view value = field.value;
    switch (field.id) {
      case FieldId::content_length:
        continue;
      case FieldId::content_type:
        if (r.response.content_type.empty()) {
          r.response.content_type = value;
          continue;
        }
        break;
      case FieldId::location:
        value = redirect_value(r, pass, settings, value);
        break;
      case FieldId::refresh:
        value = refresh_value(r, pass, settings, value);
        break;
      case FieldId::set_cookie:
        value = cookie_value(r, settings, value);
        break;
      default:
        break;
    }
    r.response.fields.add({field.name, value, field.id});
  }
}

}  // namespace

Verdict take_response(Request& r, const ProxyPass& pass, const ProxySettings& settings, const ProxyTarget&,
                      const ResponseHead& head) {
  r.upstream_fields = &head.fields;
  if (obeyed(settings, head.fields, FieldId::x_accel_redirect)) {
    string_view redirect = head.fields.value(FieldId::x_accel_redirect);
    if (!redirect.empty()) { return accel_redirect(r, redirect, head.fields); }
  }
  if (intercepted(r, settings, head.status)) {
    string_view challenge = head.fields.value(FieldId::www_authenticate);
    if (!challenge.empty()) {
      auto* kept = r.arena().make<Fields>(r.arena());
      kept->add(FieldId::www_authenticate, challenge);
      r.kept_fields = kept;
    }
    return r.refuse(head.status);
  }
  r.response.from_upstream = true;
  r.response.status = head.status;
  r.response.reason = head.reason;
  r.response.ranges_allowed = settings.force_ranges;
  bool buffering = settings.buffering;
  obey_accel(r, settings, head.fields, buffering);
  copy_fields(r, pass, settings, head.fields);
  if (obeyed(settings, head.fields, FieldId::x_accel_charset)) { name_charset(r, head.fields); }
  switch (head.framing) {
    case Framing::length:
      r.response.length = static_cast<int64_t>(head.content_length);
      break;
    case Framing::none:
      // A HEAD's answer tells the length that a GET's would have.
      if (auto told = parse_decimal(head.fields.value(FieldId::content_length)); told && head.status != 204) {
        r.response.length = static_cast<int64_t>(*told);
      }
      break;
    default:
      break;
  }
  uint64_t memory = settings.buffers.count * settings.buffers.size;
  r.response.buffer_limit = std::max<uint64_t>(buffering ? memory : 16 << 10, 64 << 10);
  r.response.spill_limit = buffering ? settings.max_temp_file_size.bytes : 0;
  r.response.spill_path = &settings.temp_path;
  return Verdict::next;
}

}  // namespace sluice::http
