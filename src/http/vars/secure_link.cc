// `secure_link`, `secure_link_md5`, `secure_link_secret`: links that only who knows a secret can make.
#include <algorithm>

#include "base/base64.h"
#include "base/clock.h"
#include "base/md5.h"
#include "base/text.h"
#include "conf/expression.h"
#include "http/request.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Evaluation;
using conf::Expression;
using conf::Node;
using conf::Row;
using conf::Scope;
using conf::Value;
using conf::Variable;

struct SecureLinkSettings {
  Expression link;    // hash, or hash and a comma and the second it ends
  Expression hashed;  // whose hash it must be
  std::string secret;
  const void* block = nullptr;  // that said so
};

// A block has one of the two kinds, and a kind of its own replaces an inherited one. `other`: there is
// something of the other kind.
SecureLinkSettings* settings_for(Build& build, Scope& scope, const Node& node,
                                 bool (*other)(const SecureLinkSettings&)) {
  auto& settings = scope.own<SecureLinkSettings>();
  if (other(settings)) {
    if (settings.block == &scope) {
      build.error(node.words[0],
                  "\"secure_link_secret\" cannot be mixed with \"secure_link\" and \"secure_link_md5\"");
      return nullptr;
    }
    settings = {};
  }
  settings.block = &scope;
  return &settings;
}

template <Expression SecureLinkSettings::*member>
void set_text(Build& build, Scope& scope, const Node& node, const Row&) {
  auto* settings =
      settings_for(build, scope, node, [](const SecureLinkSettings& s) { return !s.secret.empty(); });
  if (settings == nullptr) { return; }
  settings->*member = Expression::compile(build, conf::Realm::http, node.argument_word(0));
}

void set_secret(Build& build, Scope& scope, const Node& node, const Row&) {
  auto* settings = settings_for(
      build, scope, node, [](const SecureLinkSettings& s) { return !s.link.empty() || !s.hashed.empty(); });
  if (settings != nullptr) { settings->secret = node.argument(0); }
}

const conf::Module<SecureLinkSettings> module(
    "secure_link",
    {
        {"secure_link", conf::kHttpServerLocation, arguments(1), set_text<&SecureLinkSettings::link>,
         "expression",
         "Where a request has the hash that secure_link_md5 is compared with, in base64url, and behind a "
         "comma "
         "the second since 1970 up to which it holds, if it ends. See $secure_link."},
        {"secure_link_md5", conf::kHttpServerLocation, arguments(1), set_text<&SecureLinkSettings::hashed>,
         "expression",
         "The text whose MD5 the hash of secure_link must be: the protected part of the link, a secret, and "
         "$secure_link_expires when it ends."},
        {"secure_link_secret", conf::kLocation, arguments(1), set_secret, "word",
         "A secret for links of the form /prefix/hash/link: the hash is the MD5, in hexadecimal digits, of "
         "the "
         "link and the secret behind it. $secure_link is the link then, else empty."},
    });

bool same(const Md5& a, const Md5& b) {
  uint8_t differences = 0;
  for (size_t i = 0; i < a.size(); ++i) { differences |= static_cast<uint8_t>(a[i] ^ b[i]); }
  return differences == 0;
}

// base64url (RFC 4648 5), padded or not.
std::optional<Md5> decode_hash(string_view text) {
  constexpr size_t kLongest = 24;
  if (text.size() > kLongest) { return std::nullopt; }
  char plain[kLongest];
  std::transform(text.begin(), text.end(), plain, [](char c) { return c == '-' ? '+' : c == '_' ? '/' : c; });
  char bytes[base64_room(string_view(nullptr, 0)) + kLongest];
  auto size = decode_base64({plain, text.size()}, bytes);
  Md5 hash;
  if (!size || *size != hash.size()) { return std::nullopt; }
  std::copy(bytes, bytes + hash.size(), hash.begin());
  return hash;
}

std::optional<Md5> decode_hex(string_view text) {
  Md5 hash;
  if (text.size() != 2 * hash.size()) { return std::nullopt; }
  for (size_t i = 0; i < hash.size(); ++i) {
    int high = hex_value(text[2 * i]);
    int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) { return std::nullopt; }
    hash[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return hash;
}

// --- hash[,expires] ---

struct Link {
  string_view hash;
  string_view expires_text;
  uint64_t expires = 0;  // 0: never
  bool valid = false;
};

Link link_of(Request& r) {
  Split parts = split(r.settings<SecureLinkSettings>().link.evaluate(r), ',');
  Link link{parts.head, {}, 0, true};
  if (!parts.found) { return link; }
  auto expires = parse_decimal(parts.tail);
  link.valid = expires && *expires > 0;
  if (link.valid) {
    link.expires = *expires;
    link.expires_text = parts.tail;
  }
  return link;
}

Value check_link(Request& r) {
  const auto& settings = r.settings<SecureLinkSettings>();
  Link link = link_of(r);
  auto given = link.valid ? decode_hash(link.hash) : std::nullopt;
  if (!given || !same(*given, md5(settings.hashed.evaluate(r)))) { return {}; }
  bool over = link.expires != 0 && link.expires < clock::wall() / 1000;
  return {over ? "0" : "1"};
}

// --- /prefix/hash/link ---

Value find_link(Request& r, const std::string& secret) {
  string_view path = r.head.path;
  size_t begin = path.find('/', 1);
  size_t end = begin == string_view::npos ? begin : path.find('/', begin + 1);
  if (end == string_view::npos || end + 1 == path.size()) { return {}; }
  string_view link = path.substr(end + 1);
  auto given = decode_hex(path.substr(begin + 1, end - begin - 1));
  if (!given || !same(*given, md5(r.arena().join(link, secret)))) { return {}; }
  return {link};
}

// --- variables ---

Value get_secure_link(Evaluation& in, const Variable&) {
  Request& r = request_of(in);
  const auto& settings = r.settings<SecureLinkSettings>();
  if (!settings.secret.empty()) { return find_link(r, settings.secret); }
  if (settings.link.empty() || settings.hashed.empty()) { return {}; }
  return check_link(r);
}

Value get_expires(Evaluation& in, const Variable&) {
  Request& r = request_of(in);
  if (r.settings<SecureLinkSettings>().link.empty()) { return {}; }
  Link link = link_of(r);
  return link.expires_text.empty() ? Value() : Value(link.expires_text);
}

const conf::VariableRow rows[] = {
    {conf::Realm::http, "secure_link", get_secure_link,
     "Of secure_link: \"1\" for a link that holds, \"0\" for one that has ended, empty for a wrong one. Of "
     "secure_link_secret: the link, or empty."},
    {conf::Realm::http, "secure_link_expires", get_expires, "The second at which a link ends, as it says."},
};
const conf::Variables registered(rows);

}  // namespace

}  // namespace sluice::http
