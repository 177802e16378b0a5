// The directives of proxying but proxy_pass.
#include <algorithm>

#include "base/text.h"
#include "conf/build.h"
#include "http/content/proxy.h"
#include "os/files.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Expression;
using conf::kAny;
using conf::Node;
using conf::Realm;
using conf::Row;
using conf::Scope;
using conf::Word;
using P = ProxySettings;

constexpr uint32_t kPlaces = conf::kHttpServerLocation;

void set_header(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto& proxy = scope.own<P>();
  if (scope.first_in_block(row)) {
    proxy.set_fields.clear();
    proxy.set_names = {};
  }
  const std::string& name = node.argument(0);
  if (!is_token(name)) {
    build.error(node.argument_word(0), "invalid header field name \"" + name + "\"");
    return;
  }
  proxy.set_names.add(name);
  auto value = Expression::compile(build, Realm::http, node.argument_word(1));
  if (!value.empty()) { proxy.set_fields.push_back({name, field_id(name), std::move(value)}); }
}

template <FieldRule::Deed deed>
void set_field_rule(Build& build, Scope& scope, const Node& node, const Row&) {
  auto rule = read_field_rule(build, node, deed);
  if (rule && rule->id == FieldId::host) {
    build.error(node.argument_word(0), "\"Host\" cannot be added to", "proxy_set_header sets it");
  } else if (rule) {
    scope.own<P>().field_rules.push_back(std::move(*rule));
  }
}

void set_removals(Build& build, Scope& scope, const Node& node, const Row&) {
  for (size_t i = 0; i < node.argument_count(); ++i) {
    auto rule = read_removal(build, node.argument_word(i));
    if (rule) { scope.own<P>().field_rules.push_back(std::move(*rule)); }
  }
}

template <std::vector<std::string> P::*list>
void add_name(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto& names = scope.own<P>().*list;
  if (scope.first_in_block(row)) { names.clear(); }
  if (!is_token(node.argument(0))) {
    build.error(node.argument_word(0), "invalid header field name \"" + node.argument(0) + "\"");
    return;
  }
  names.push_back(node.argument(0));
}

template <Expression P::*member>
void set_expression(Build& build, Scope& scope, const Node& node, const Row&) {
  scope.own<P>().*member = Expression::compile(build, Realm::http, node.argument_word(0));
}

void set_body(Build& build, Scope& scope, const Node& node, const Row&) {
  scope.own<P>().body = Expression::compile(build, Realm::http, node.argument_word(0));
  scope.own<P>().has_body = true;
}

void set_version(Build& build, Scope& scope, const Node& node, const Row&) {
  const std::string& version = node.argument(0);
  if (version == "1.0") {
    scope.own<P>().version = P::Version::v10;
  } else if (version == "1.1") {
    scope.own<P>().version = P::Version::v11;
  } else if (version == "2") {
    build.error(node.argument_word(0), "HTTP/2 to upstreams is not supported yet");
  } else {
    build.error(node.argument_word(0),
                "invalid value \"" + version + "\" in \"proxy_http_version\" directive", "it is 1.0 or 1.1");
  }
}

std::shared_ptr<const conf::Regex> compile_regex(Build& build, const Word& word, string_view pattern,
                                                 bool caseless) {
  std::string reason;
  auto regex = conf::Regex::compile(pattern, caseless, reason);
  if (regex == nullptr) {
    build.error(word, "invalid regular expression \"" + std::string(pattern) + "\"", reason);
  }
  return std::shared_ptr<const conf::Regex>(std::move(regex));
}

// A rule "from to"; `from` may be a regex (~, ~*).
bool read_replacement(Build& build, const Node& node, bool always_caseless, Replacement& rule) {
  const Word& from = node.argument_word(0);
  if (from.text.starts_with('~')) {
    bool caseless = from.text.starts_with("~*");
    rule.regex = compile_regex(build, from, string_view(from.text).substr(caseless ? 2 : 1),
                               caseless || always_caseless);
    if (rule.regex == nullptr) { return false; }
  } else {
    rule.from = Expression::compile(build, Realm::http, from);
  }
  rule.to = Expression::compile(build, Realm::http, node.argument_word(1));
  return true;
}

void wrong_single(Build& build, const Node& node, const char* expected) {
  build.error(node.argument_word(0), "invalid parameter \"" + node.argument(0) + "\"", expected);
}

void set_redirect(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto& proxy = scope.own<P>();
  if (scope.first_in_block(row)) {
    proxy.redirects.clear();
    proxy.redirect_default = false;
  }
  if (node.argument_count() == 1) {
    if (node.argument(0) == "default") {
      proxy.redirect_default = true;
    } else if (node.argument(0) != "off") {
      wrong_single(build, node, "it is \"off\", \"default\", or two parameters");
    }
    return;
  }
  Replacement rule;
  if (read_replacement(build, node, false, rule)) { proxy.redirects.push_back(std::move(rule)); }
}

template <std::vector<Replacement> P::*list, bool caseless>
void set_cookie_rule(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto& rules = scope.own<P>().*list;
  if (scope.first_in_block(row)) { rules.clear(); }
  if (node.argument_count() == 1) {
    if (node.argument(0) != "off") { wrong_single(build, node, "it is \"off\", or two parameters"); }
    return;
  }
  Replacement rule;
  if (read_replacement(build, node, caseless, rule)) { rules.push_back(std::move(rule)); }
}

void set_cookie_flags(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto& rules = scope.own<P>().cookie_flags;
  if (scope.first_in_block(row)) { rules.clear(); }
  if (node.argument_count() == 1) {
    if (node.argument(0) != "off") { wrong_single(build, node, "it is \"off\", or a cookie and its flags"); }
    return;
  }
  CookieFlags rule;
  const Word& cookie = node.argument_word(0);
  if (cookie.text.starts_with('~')) {
    rule.regex = compile_regex(build, cookie, string_view(cookie.text).substr(1), true);
    if (rule.regex == nullptr) { return; }
  } else {
    rule.cookie = Expression::compile(build, Realm::http, cookie);
  }
  for (size_t i = 1; i < node.argument_count(); ++i) {
    auto flag = Expression::compile(build, Realm::http, node.argument_word(i));
    SetCookie::Flags ignored;
    if (flag.constant() && !SetCookie::parse_flag(flag.text(), ignored)) {
      build.error(
          node.argument_word(i), "invalid parameter \"" + node.argument(i) + "\"",
          "flags are secure, nosecure, httponly, nohttponly, samesite=strict|lax|none and nosamesite");
    }
    rule.flags.push_back(std::move(flag));
  }
  rules.push_back(std::move(rule));
}

void set_buffers(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto count = conf::parse_number(node.argument(0));
  auto size = conf::parse_size(node.argument(1));
  if (!count || *count == 0 || *count > 1'000'000) {
    conf::invalid_value(build, node, 0, row, "a number of buffers");
  } else if (!size || size->bytes == 0) {
    conf::invalid_value(build, node, 1, row, "a size such as 8k");
  } else {
    scope.own<P>().buffers = {static_cast<uint32_t>(*count), size->bytes};
    scope.own<P>().buffers_given = true;
    check_proxy_buffers(build, scope, node);
  }
}

template <conf::Size P::*member>
void set_buffer_size(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto size = conf::parse_size(node.argument(0));
  if (!size) {
    conf::invalid_value(build, node, 0, row, conf::ValueOf<conf::Size>::expected);
    return;
  }
  scope.own<P>().*member = *size;
  check_proxy_buffers(build, scope, node);
}

void set_next_upstream(Build& build, Scope& scope, const Node& node, const Row&) {
  static constexpr std::pair<string_view, uint32_t> kWords[] = {{"error", retry_on::kError},
                                                                {"timeout", retry_on::kTimeout},
                                                                {"invalid_header", retry_on::kInvalidHeader},
                                                                {"http_500", retry_on::k500},
                                                                {"http_502", retry_on::k502},
                                                                {"http_503", retry_on::k503},
                                                                {"http_504", retry_on::k504},
                                                                {"http_403", retry_on::k403},
                                                                {"http_404", retry_on::k404},
                                                                {"http_429", retry_on::k429},
                                                                {"non_idempotent", retry_on::kNonIdempotent},
                                                                {"off", 0}};
  uint32_t conditions = 0;
  for (size_t i = 0; i < node.argument_count(); ++i) {
    auto at = std::find_if(std::begin(kWords), std::end(kWords),
                           [&](auto& w) { return w.first == node.argument(i); });
    if (at == std::end(kWords)) {
      build.error(
          node.argument_word(i), "invalid value \"" + node.argument(i) + "\"",
          "conditions are error, timeout, invalid_header, http_500, http_502, http_503, http_504, http_403, "
          "http_404, http_429, non_idempotent and off");
      continue;
    }
    conditions |= at->second;
  }
  scope.own<P>().next_upstream = conditions;
}

void set_bind(Build& build, Scope& scope, const Node& node, const Row&) {
  auto& bind = scope.own<P>().bind;
  if (node.argument(0) == "off") {
    bind = {};
    return;
  }
  if (node.argument_count() > 1) {
    build.error(node.argument_word(1), "invalid parameter \"" + node.argument(1) + "\"",
                "\"transparent\" is not supported");
    return;
  }
  bind = Expression::compile(build, Realm::http, node.argument_word(0));
  if (bind.constant() && !net::Address::parse(bind.text(), 0)) {
    build.error(node.argument_word(0), "invalid address \"" + node.argument(0) + "\"");
  }
}

void set_ignore_headers(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto& fields = scope.own<P>().ignore_fields;
  if (scope.first_in_block(row)) { fields = {}; }
  for (size_t i = 0; i < node.argument_count(); ++i) {
    bool known = false;
    for (const char* name : {"X-Accel-Redirect", "X-Accel-Expires", "X-Accel-Limit-Rate", "X-Accel-Buffering",
                             "X-Accel-Charset", "Expires", "Cache-Control", "Set-Cookie", "Vary"}) {
      known = known || iequals(name, node.argument(i));
    }
    if (!known) { build.error(node.argument_word(i), "invalid value \"" + node.argument(i) + "\""); }
    fields.add(node.argument(i));
  }
}

void set_temp_path(Build& build, Scope& scope, const Node& node, const Row&) {
  auto& path = scope.own<P>().temp_path;
  path = build.config.paths.from_prefix(node.argument(0));
  os::directory_plan(build.config).paths.push_back(path);
}

void set_upgrades(Build& build, Scope& scope, const Node& node, const Row&) {
  auto& tokens = scope.own<P>().upgrade_tokens;
  tokens.clear();
  if (node.argument_count() == 1 && node.argument(0) == "off") { return; }
  for (size_t i = 0; i < node.argument_count(); ++i) {
    if (!is_token(node.argument(i)) || istarts_with(node.argument(i), "h2c")) {
      build.error(node.argument_word(i), "invalid protocol \"" + node.argument(i) + "\"");
    }
    tokens.push_back(node.argument(i));
  }
}

const conf::Module<P> module(
    "proxy",
    {
        {"proxy_connect_timeout", kPlaces, &P::connect_timeout, "time",
         "Longest time a connection to a server may take.", "60s"},
        {"proxy_send_timeout", kPlaces, &P::send_timeout, "time",
         "Longest pause between two writes to the server.", "60s"},
        {"proxy_read_timeout", kPlaces, &P::read_timeout, "time",
         "Longest pause between two reads from the server.", "60s"},
        conf::Module<P>::RowSpec(
            "proxy_set_header", kPlaces, arguments(2), set_header, "field value",
            "Sets or replaces a field of requests to the server; an empty value removes it. A block "
            "with none of its own inherits those of the level above. Without any: Host $proxy_host.",
            "Host $proxy_host")
            .repeating(),
        conf::Module<P>::RowSpec(
            "proxy_add_header", kPlaces, arguments(2), set_field_rule<FieldRule::Deed::add>, "field value",
            "Adds a field to requests to the server, beside those of that name that are "
            "there. The value may contain variables; an empty one adds nothing. "
            "proxy_add_header, proxy_append_header and proxy_remove_header follow "
            "proxy_set_header, in the order they are written, and those of a block follow "
            "those of the blocks around it.")
            .repeating(),
        conf::Module<P>::RowSpec("proxy_append_header", kPlaces, arguments(2),
                                 set_field_rule<FieldRule::Deed::append>, "field value",
                                 "Appends the value to what a field of requests to the server has, with a "
                                 "comma between, or adds the "
                                 "field. Otherwise as proxy_add_header.")
            .repeating(),
        conf::Module<P>::RowSpec("proxy_remove_header", kPlaces, arguments(1, kAny), set_removals, "field …",
                                 "Removes fields from requests to the server, whoever gave them. X-* is "
                                 "every name that begins with "
                                 "X-.")
            .repeating(),
        conf::Module<P>::RowSpec(
            "proxy_hide_header", kPlaces, arguments(1), add_name<&P::hide>, "field",
            "Keeps a field of the server's answer from the client, beside Date, Server, X-Pad and "
            "X-Accel-….")
            .repeating(),
        conf::Module<P>::RowSpec("proxy_pass_header", kPlaces, arguments(1), add_name<&P::pass>, "field",
                                 "Passes a field that is otherwise hidden from the client.")
            .repeating(),
        {"proxy_pass_request_headers", kPlaces, &P::pass_request_headers, "on | off",
         "Whether the client's fields are passed to the server.", "on"},
        {"proxy_pass_request_body", kPlaces, &P::pass_request_body, "on | off",
         "Whether the client's body is passed to the server.", "on"},
        {"proxy_method", kPlaces, arguments(1), set_expression<&P::method>, "method",
         "Method of requests to the server instead of the client's."},
        {"proxy_set_body", kPlaces, arguments(1), set_body, "value",
         "Body of requests to the server instead of the client's."},
        {"proxy_http_version", kPlaces, arguments(1), set_version, "1.0 | 1.1",
         "Protocol version towards the server.", "1.1"},
        conf::Module<P>::RowSpec(
            "proxy_redirect", kPlaces, arguments(1, 2), set_redirect, "default | off | redirect replacement",
            "Replaces the begin of Location and Refresh fields; ~ and ~* begin a regular expression. "
            "default undoes what proxy_pass did to the path.",
            "default")
            .repeating(),
        conf::Module<P>::RowSpec("proxy_cookie_domain", kPlaces, arguments(1, 2),
                                 set_cookie_rule<&P::cookie_domains, true>, "off | domain replacement",
                                 "Replaces the domain of Set-Cookie fields.", "off")
            .repeating(),
        conf::Module<P>::RowSpec("proxy_cookie_path", kPlaces, arguments(1, 2),
                                 set_cookie_rule<&P::cookie_paths, false>, "off | path replacement",
                                 "Replaces the begin of the path of Set-Cookie fields.", "off")
            .repeating(),
        conf::Module<P>::RowSpec("proxy_cookie_flags", kPlaces, arguments(1, kAny), set_cookie_flags,
                                 "off | cookie flag …", "Sets or removes flags of cookies.", "off")
            .repeating(),
        {"proxy_buffering", kPlaces, &P::buffering, "on | off",
         "Whether answers are read ahead of a slow client, in memory and then in a temporary file.", "on"},
        {"proxy_buffer_size", kPlaces, arguments(1), set_buffer_size<&P::buffer_size>, "size",
         "Largest head of an answer; more is 502. Without this directive 64k.", "64k",
         "It limits the head of an answer and nothing else; without it the limit is 64k."},
        {"proxy_buffers", kPlaces, arguments(2), set_buffers, "number size",
         "Memory for an answer that is read ahead of its client: number times size, at least 64k.", "8 8k",
         "Number times size counts, at least 64k; an answer never waits for a buffer to fill."},
        {"proxy_busy_buffers_size", kPlaces, arguments(1), set_buffer_size<&P::busy_buffers_size>, "size",
         "Accepted for compatibility: what has been read is sent at once.", ""},
        {"proxy_max_temp_file_size", kPlaces, arguments(1), set_buffer_size<&P::max_temp_file_size>, "size",
         "Largest temporary file for one answer; 0 uses none.", "1024m"},
        {"proxy_temp_file_write_size", kPlaces, arguments(1), set_buffer_size<&P::temp_file_write_size>,
         "size", "Accepted for compatibility: writes are as large as what is there.", ""},
        {"proxy_temp_path", kPlaces, arguments(1, 4), set_temp_path, "path [level1 [level2 [level3]]]",
         "Folder of temporary files for answers. Levels are accepted; the files have no name.", "proxy_temp",
         "The files have no name, so levels of folders have no effect."},
        {"proxy_request_buffering", kPlaces, &P::request_buffering, "on | off",
         "Whether a request's body is read whole before the server is asked; off passes it on as it comes.",
         "on"},
        {"proxy_force_ranges", kPlaces, &P::force_ranges, "on | off",
         "Whether clients may ask for ranges of an answer whose origin does not know of ranges: then the "
         "pieces "
         "are cut out of it here.",
         "off"},
        {"proxy_ignore_client_abort", kPlaces, &P::ignore_client_abort, "on | off",
         "Whether a request goes on when its client has left.", "off"},
        {"proxy_intercept_errors", kPlaces, &P::intercept_errors, "on | off",
         "Whether answers with a status of 300 or more are replaced by the error_page for it.", "off"},
        {"proxy_next_upstream", kPlaces, arguments(1, kAny), set_next_upstream, "condition …",
         "When another server of the group is asked: error, timeout, invalid_header, http_500, http_502, "
         "http_503, "
         "http_504, http_403, http_404, http_429, non_idempotent (also for methods that must not be "
         "repeated), off.",
         "error timeout"},
        {"proxy_next_upstream_tries", kPlaces, &P::next_tries, "number",
         "Most servers asked for one request; 0: all.", "0"},
        {"proxy_next_upstream_timeout", kPlaces, &P::next_timeout, "time",
         "Time in which another server may be asked; 0: no limit.", "0"},
        {"proxy_bind", kPlaces, arguments(1, 2), set_bind, "address | off",
         "Local address of connections to the server; may contain variables."},
        {"proxy_limit_rate", kPlaces, arguments(1), set_expression<&P::limit_rate>, "rate",
         "Bytes per second read from the server for one request; 0: unlimited. May contain variables.", "0"},
        {"proxy_socket_keepalive", kPlaces, &P::socket_keepalive, "on | off",
         "Whether TCP keepalive is switched on for connections to the server.", "off"},
        {"proxy_ignore_headers", kPlaces, arguments(1, kAny), set_ignore_headers, "field …",
         "Fields of the server's answer that have no effect here: X-Accel-Redirect, X-Accel-Expires, "
         "X-Accel-Limit-Rate, "
         "X-Accel-Buffering, X-Accel-Charset, Expires, Cache-Control, Set-Cookie, Vary."},
        {"proxy_pass_trailers", kPlaces, &P::pass_trailers, "on | off",
         "Whether fields behind the body of the server's answer are passed to every client, and not only to "
         "those that send TE: trailers.",
         "off"},
        {"proxy_allow_upgrade", kPlaces, arguments(1, kAny), set_upgrades, "protocol … | off",
         "Protocols a client may switch to with Upgrade: the request is passed on so, and after 101 the "
         "connection is a "
         "tunnel. proxy_set_header Upgrade does the same for what it sets; h2c is never passed.",
         "websocket"},
    });

void default_temp_path(Build& build, Scope& http) {
  http.own<P>().temp_path = build.config.paths.from_prefix("proxy_temp");
}

void plan_temp_path(Build& build, Scope& http) {
  os::directory_plan(build.config).paths.push_back(http.get<P>().temp_path);
}

const HttpDefaultsRow defaults{default_temp_path, plan_temp_path};
const HttpDefaultsRegistration registered(defaults);

}  // namespace

}  // namespace sluice::http
