#include "http/compression.h"

#include <algorithm>

#include "base/clock.h"
#include "base/text.h"
#include "conf/build.h"
#include "http/accept_encoding.h"
#include "http/request.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using S = CompressionSettings;

// --- answers to requests that came through a proxy (Via) ---

bool limits_caching(const Response& response, string_view directive) {
  bool found = false;
  for (const Field& field : response.fields) {
    if (field.id != FieldId::cache_control) { continue; }
    each_member(field.value, [&](string_view member) {
      found = found || iequals(trim(split(member, '=').head), directive);
    });
  }
  return found;
}

bool has_expired(const Request& request) {
  const Field* field = request.response.fields.find(FieldId::expires);
  if (field == nullptr) { return false; }
  auto expires = clock::parse_http_date(field->value);
  auto now = static_cast<int64_t>(clock::wall() / 1000);
  return !expires || *expires <= now;
}

struct ProxiedCase {
  const char* name;
  bool (*holds)(const Request&);
};

constexpr ProxiedCase kProxiedCases[] = {
    {"expired", has_expired},
    {"no-cache", [](const Request& r) { return limits_caching(r.response, "no-cache"); }},
    {"no-store", [](const Request& r) { return limits_caching(r.response, "no-store"); }},
    {"private", [](const Request& r) { return limits_caching(r.response, "private"); }},
    {"no_last_modified",
     [](const Request& r) { return r.response.fields.find(FieldId::last_modified) == nullptr; }},
    {"no_etag", [](const Request& r) { return r.response.fields.find(FieldId::etag) == nullptr; }},
    {"auth", [](const Request& r) { return r.head.fields.has(FieldId::authorization); }},
    {"any", [](const Request&) { return true; }},
};

void set_proxied(Build& build, Scope& scope, const Node& node, const Row& row) {
  uint32_t cases = 0;
  for (size_t i = 0; i < node.argument_count(); ++i) {
    if (node.argument(i) == "off" && node.argument_count() == 1) { break; }
    auto named = [&](const ProxiedCase& known) { return node.argument(i) == known.name; };
    auto found = std::find_if(std::begin(kProxiedCases), std::end(kProxiedCases), named);
    if (found == std::end(kProxiedCases)) {
      return conf::invalid_value(
          build, node, i, row,
          "off, expired, no-cache, no-store, private, no_last_modified, no_etag, auth or "
          "any");
    }
    cases |= 1u << (found - std::begin(kProxiedCases));
  }
  scope.own<S>().proxied = cases;
}

bool proxied_allows(const Request& request, uint32_t cases) {
  for (size_t i = 0; i < std::size(kProxiedCases); ++i) {
    if ((cases & 1u << i) != 0 && kProxiedCases[i].holds(request)) { return true; }
  }
  return false;
}

// --- the other directives ---

void set_http_version(Build& build, Scope& scope, const Node& node, const Row& row) {
  const std::string& version = node.argument(0);
  if (version != "1.0" && version != "1.1") { return conf::invalid_value(build, node, 0, row, "1.0 or 1.1"); }
  scope.own<S>().least_minor = version == "1.1" ? 1 : 0;
}

// What nginx has a name of its own for. The last of them learned it in its second service pack.
constexpr const char* kOldExplorers = R"(MSIE [4-6]\.(?!.*SV1))";

void set_disable(Build& build, Scope& scope, const Node& node, const Row& row) {
  S& settings = scope.own<S>();
  if (scope.first_in_block(row)) { settings.disabled_for.clear(); }
  for (size_t i = 0; i < node.argument_count(); ++i) {
    const std::string& word = node.argument(i);
    std::string reason;
    auto regex = conf::Regex::compile(word == "msie6" ? kOldExplorers : word, true, reason);
    if (regex == nullptr) {
      build.error(node.argument_word(i), "invalid regular expression \"" + word + "\"", reason);
      return;
    }
    settings.disabled_for.push_back(std::move(regex));
  }
}

using RowSpec = conf::Module<S>::RowSpec;

const conf::Module<S> module(
    "http",
    {
        {"gzip_http_version", conf::kHttpServerLocation, arguments(1), set_http_version, "1.0 | 1.1",
         "The least version of HTTP in which a client must ask to be given compressed answers.", "1.1"},
        {"gzip_proxied", conf::kHttpServerLocation, arguments(1, conf::kAny), set_proxied,
         "off | expired | no-cache | no-store | private | no_last_modified | no_etag | auth | any …",
         "Whether requests that came through a proxy (with the field Via) are given compressed answers: "
         "never "
         "(off), always (any), or when the answer has expired, has such a Cache-Control, lacks such a "
         "validator, "
         "or the request an Authorization.",
         "off"},
        RowSpec("gzip_disable", conf::kHttpServerLocation, arguments(1, conf::kAny), set_disable, "regex …",
                "Clients whose User-Agent matches one of these, without regard to case, get no compressed "
                "answers. "
                "msie6 stands for Internet Explorer 4 to 6.")
            .repeating(),
        {"gzip_vary", conf::kHttpServerLocation, &S::vary, "on | off",
         "Whether answers that are there compressed and not compressed say \"Vary: Accept-Encoding\".",
         "off"},
    });

bool is_disabled(Request& request, const S& settings) {
  string_view agent = request.head.fields.value(FieldId::user_agent);
  return !agent.empty() && std::any_of(settings.disabled_for.begin(), settings.disabled_for.end(),
                                       [&](const auto& regex) { return regex->matches(agent); });
}

}  // namespace

int coding_wanted(Request& request, string_view coding) {
  const Fields& fields = request.head.fields;
  if (!fields.has(FieldId::accept_encoding)) { return 0; }
  int quality = coding_quality(fields.combined(FieldId::accept_encoding), coding);
  const S& settings = request.settings<S>();
  bool old = request.head.major == 1 && request.head.minor < settings.least_minor;
  if (quality == 0 || old || is_disabled(request, settings)) { return 0; }
  return fields.has(FieldId::via) && !proxied_allows(request, settings.proxied) ? 0 : quality;
}

void tell_vary(Request& request) {
  if (!request.settings<S>().vary) { return; }
  bool told = false;
  for (const Field& field : request.response.fields) {
    if (field.id != FieldId::vary) { continue; }
    each_member(field.value, [&](string_view member) {
      told = told || member == "*" || iequals(member, "accept-encoding");
    });
  }
  if (!told) { request.response.fields.add(FieldId::vary, "Accept-Encoding"); }
}

}  // namespace sluice::http
