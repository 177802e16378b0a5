#include "http/rewrite_fields.h"

#include <algorithm>

#include "base/text.h"
#include "http/uri.h"

namespace sluice::http {

std::optional<string_view> replace_prefix(Arena& arena, string_view value, string_view from, string_view to) {
  if (!value.starts_with(from)) { return std::nullopt; }
  return escape(arena, arena.join(to, value.substr(from.size())), Escape::value);
}

std::optional<size_t> refresh_url(string_view value) {
  size_t semicolon = value.find(';');
  if (semicolon == string_view::npos) { return std::nullopt; }
  constexpr string_view kUrl = "url=";
  size_t at = semicolon + 1;
  while (at < value.size() && is_blank(value[at])) { ++at; }
  if (!istarts_with(value.substr(at), kUrl)) { return std::nullopt; }
  return at + kUrl.size();
}

namespace {

// "name=value" of an attribute: its value, trimmed; empty when it has none.
string_view value_of(string_view attribute) { return trim(split(attribute, '=').tail); }

string_view without_dot(string_view domain) { return domain.starts_with('.') ? domain.substr(1) : domain; }

string_view same_site_text(SetCookie::SameSite wanted) {
  switch (wanted) {
    case SetCookie::SameSite::none:
      return "None";
    case SetCookie::SameSite::lax:
      return "Lax";
    case SetCookie::SameSite::strict:
      return "Strict";
    default:
      return {};
  }
}

}  // namespace

SetCookie::SetCookie(string_view value) : original_(value) {
  Split first = split(value, ';');
  pair_ = first.head;
  name_ = trim(split(pair_, '=').head);
  while (first.found) {
    first = split(first.tail, ';');
    string_view text = trim(first.head);
    if (!text.empty()) { attributes_.push_back({which(trim(split(text, '=').head)), text}); }
  }
}

SetCookie::Which SetCookie::which(string_view name) {
  constexpr string_view kNames[] = {"domain", "path", "secure", "httponly", "samesite"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (equals_lowered(name, kNames[i])) { return static_cast<Which>(i); }
  }
  return kOther;
}

std::optional<string_view> SetCookie::attribute(Which which) const {
  for (size_t i = attributes_.size(); i > 0; --i) {
    const Attribute& attribute = attributes_[i - 1];
    if (attribute.which == which) { return attribute.set ? attribute.text : value_of(attribute.text); }
  }
  return std::nullopt;
}

// Every one of that name, so that no user agent can prefer another.
void SetCookie::set(Which which, string_view to) {
  for (Attribute& attribute : attributes_) {
    if (attribute.which == which) {
      attribute.text = to;
      attribute.set = true;
      changed_ = true;
    }
  }
}

void SetCookie::add(Which which, string_view to) {
  attributes_.push_back({which, to, true});
  changed_ = true;
}

void SetCookie::remove(Which which) {
  changed_ |= std::erase_if(attributes_, [&](const Attribute& it) { return it.which == which; }) > 0;
}

bool SetCookie::replace_domain(string_view from, string_view to) {
  auto domain = attribute(kDomain);
  if (!domain || !iequals(without_dot(*domain), without_dot(from))) { return false; }
  set(kDomain, to);
  return true;
}

bool SetCookie::replace_path(Arena& arena, string_view from, string_view to) {
  auto path = attribute(kPath);
  if (!path || !path->starts_with(from)) { return false; }
  set(kPath, arena.join(to, path->substr(from.size())));
  return true;
}

bool SetCookie::parse_flag(string_view word, Flags& flags) {
  bool negative = istarts_with(word, "no");
  string_view flag = word.substr(negative ? 2 : 0);
  if (equals_lowered(flag, "secure")) {
    flags.secure = !negative;
  } else if (equals_lowered(flag, "httponly")) {
    flags.http_only = !negative;
  } else if (equals_lowered(word, "nosamesite")) {
    flags.same_site = SameSite::remove;
  } else if (equals_lowered(word, "samesite=none")) {
    flags.same_site = SameSite::none;
  } else if (equals_lowered(word, "samesite=lax")) {
    flags.same_site = SameSite::lax;
  } else if (equals_lowered(word, "samesite=strict")) {
    flags.same_site = SameSite::strict;
  } else {
    return false;
  }
  return true;
}

void SetCookie::apply_flag(Which which, std::optional<bool> wanted) {
  if (!wanted) { return; }
  if (!*wanted) {
    remove(which);
  } else if (!attribute(which)) {
    add(which);
  }
}

void SetCookie::apply(const Flags& flags) {
  apply_flag(kSecure, flags.secure);
  apply_flag(kHttpOnly, flags.http_only);
  if (flags.same_site == SameSite::keep) { return; }
  if (flags.same_site == SameSite::remove) {
    remove(kSameSite);
  } else if (attribute(kSameSite)) {
    set(kSameSite, same_site_text(flags.same_site));
  } else {
    add(kSameSite, same_site_text(flags.same_site));
  }
}

string_view SetCookie::text(Arena& arena) const {
  if (!changed_) { return original_; }
  constexpr string_view kWritten[] = {"Domain=", "Path=", "Secure", "HttpOnly", "SameSite="};
  size_t room = pair_.size();
  for (const Attribute& attribute : attributes_) { room += attribute.text.size() + 12; }
  char* begin = arena.characters(room);
  char* at = begin;
  auto put = [&](string_view text) { at = std::copy(text.begin(), text.end(), at); };
  put(trim(pair_));
  for (const Attribute& attribute : attributes_) {
    put("; ");
    if (attribute.set) { put(kWritten[attribute.which]); }
    put(attribute.text);
  }
  return escape(arena, {begin, static_cast<size_t>(at - begin)}, Escape::value);
}

}  // namespace sluice::http
