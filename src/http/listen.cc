// The listen directive: addresses, their options, and which server is an address's default.
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "http/servers.h"

namespace sluice::http {

namespace {

using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using conf::Word;

struct Wanted {
  os::ListenOptions options;
  bool any_option = false;  // something that belongs to the socket was said
  bool is_default = false;
};

// listen's first argument: an address, a port, or both. Several when a name has several addresses or a range
// of ports is given.
std::vector<net::Address> addresses_of(Build& build, const Word& word) {
  std::string text = word.text;
  bool all_digits = !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
  if (all_digits) { text = "0.0.0.0:" + text; }
  if (text.starts_with("*:")) { text = "0.0.0.0" + text.substr(1); }
  if (text == "*") { text = "0.0.0.0"; }
  auto parts = net::split_authority(text, 80);
  if (!parts) {
    build.error(word, "invalid host or port in \"" + word.text + "\" of the \"listen\" directive");
    return {};
  }
  if (parts->numeric) {
    auto address = net::Address::parse(text, 80);
    if (address) { return {*address}; }
    build.error(word, "invalid address in \"" + word.text + "\" of the \"listen\" directive");
    return {};
  }
  std::string reason;
  auto found = net::resolve_now(parts->host, parts->port, reason);
  if (found.empty()) {
    build.error(word, "host not found in \"" + word.text + "\" of the \"listen\" directive", reason);
  }
  return found;
}

std::optional<string_view> after(string_view text, string_view prefix) {
  if (!text.starts_with(prefix)) { return std::nullopt; }
  return text.substr(prefix.size());
}

bool take_number(Build& build, const Word& word, string_view text, int& out) {
  auto value = conf::parse_number(text);
  if (!value || *value > INT32_MAX) {
    build.error(word, "invalid number in \"" + word.text + "\"");
    return true;
  }
  out = static_cast<int>(*value);
  return true;
}

bool take_size(Build& build, const Word& word, string_view text, int& out) {
  auto value = conf::parse_size(text);
  if (!value || value->bytes > INT32_MAX) {
    build.error(word, "invalid size in \"" + word.text + "\"");
    return true;
  }
  out = static_cast<int>(value->bytes);
  return true;
}

// so_keepalive=on|off|[keepidle]:[keepintvl]:[keepcnt]
bool take_keepalive(Build& build, const Word& word, string_view text, os::ListenOptions& options) {
  using KeepAlive = os::ListenOptions::KeepAlive;
  if (text == "on" || text == "off") {
    options.keepalive = text == "on" ? KeepAlive::on : KeepAlive::off;
    return true;
  }
  auto [idle, rest, some] = split(text, ':');
  auto [interval, count, both] = split(rest, ':');
  auto idle_time =
      idle.empty() ? conf::Seconds{0} : conf::parse_seconds(idle).value_or(conf::Seconds{UINT32_MAX});
  auto interval_time =
      interval.empty() ? conf::Seconds{0} : conf::parse_seconds(interval).value_or(conf::Seconds{UINT32_MAX});
  auto probes = count.empty() ? std::optional<uint64_t>(0) : conf::parse_number(count);
  bool nothing = idle.empty() && interval.empty() && count.empty();
  if (!some || nothing || idle_time.count > INT16_MAX || interval_time.count > INT16_MAX || !probes ||
      *probes > 127) {
    build.error(word, "invalid so_keepalive value: \"" + std::string(text) + "\"",
                "it is on, off, or idle:interval:count with at least one of them");
    return true;
  }
  options.keepalive = KeepAlive::on;
  options.keepidle = static_cast<int>(idle_time.count);
  options.keepintvl = static_cast<int>(interval_time.count);
  options.keepcnt = static_cast<int>(*probes);
  return true;
}

bool take_socket_option(Build& build, const Word& word, os::ListenOptions& options) {
  string_view text = word.text;
  if (text == "bind") { return options.bind = true; }
  if (text == "reuseport") { return options.reuseport = true; }
  if (text == "deferred") { return options.deferred = true; }
  if (auto value = after(text, "backlog=")) {
    take_number(build, word, *value, options.backlog);
    if (options.backlog == 0) { build.error(word, "invalid backlog \"" + word.text + "\""); }
    return true;
  }
  if (auto value = after(text, "fastopen=")) { return take_number(build, word, *value, options.fastopen); }
  if (auto value = after(text, "rcvbuf=")) { return take_size(build, word, *value, options.rcvbuf); }
  if (auto value = after(text, "sndbuf=")) { return take_size(build, word, *value, options.sndbuf); }
  if (auto value = after(text, "so_keepalive=")) { return take_keepalive(build, word, *value, options); }
  if (auto value = after(text, "ipv6only=")) {
    auto flag = conf::parse_flag(*value);
    if (!flag) { build.error(word, "invalid ipv6only flags \"" + std::string(*value) + "\""); }
    options.ipv6only = flag.value_or(true);
    return true;
  }
  return false;
}

void unknown_parameter(Build& build, const Word& word) {
  for (const char* later : {"ssl", "http2", "quic", "proxy_protocol"}) {
    if (word.text == later) {
      build.error(word, "the \"" + word.text + "\" parameter of \"listen\" is not supported");
      return;
    }
  }
  std::vector<string_view> known = {"default_server", "backlog=", "reuseport", "deferred",  "fastopen=",
                                    "so_keepalive=",  "rcvbuf=",  "sndbuf=",   "ipv6only=", "bind"};
  string_view near = conf::nearest(word.text, known);
  build.error(word, "invalid parameter \"" + word.text + "\"",
              near.empty() ? "" : "did you mean \"" + std::string(near) + "\"?");
}

Wanted read_parameters(Build& build, const Node& node) {
  Wanted wanted;
  for (size_t i = 1; i < node.argument_count(); ++i) {
    const Word& word = node.argument_word(i);
    if (word.text == "default_server" || word.text == "default") {
      wanted.is_default = true;
    } else if (take_socket_option(build, word, wanted.options)) {
      wanted.any_option = true;
      wanted.options.bind = true;
    } else {
      unknown_parameter(build, word);
    }
  }
  return wanted;
}

PortDraft& port_for(Build& build, const net::Address& address) {
  os::ListenPlan& plan = os::listen_plan(build.config);
  auto& drafts = only<PortDrafts>(build, "http port drafts");
  os::ListenSpec* spec = plan.find(address.raw(), address.length(), SOCK_STREAM);
  if (spec != nullptr) {
    for (PortDraft* draft : drafts.ports) {
      if (draft->spec == spec) { return *draft; }
    }
  } else {
    spec = &plan.add(address.raw(), address.length(), SOCK_STREAM, address.text());
  }
  auto* draft = build.arena().own<PortDraft>();
  draft->spec = spec;
  draft->port.address = address;
  std::string host = address.host();
  draft->port.wildcard = host == "0.0.0.0" || host == "::";
  drafts.ports.push_back(draft);
  return *draft;
}

void listen_on(Build& build, Server& server, const Word& where, const net::Address& address,
               const Wanted& wanted) {
  PortDraft& draft = port_for(build, address);
  if (!draft.servers.empty() && draft.servers.back() == &server) {
    build.error(where, "a duplicate listen " + address.text());
    return;
  }
  draft.servers.push_back(&server);
  if (wanted.any_option) {
    if (draft.spec->options.bind) {
      build.error(where, "duplicate listen options for " + address.text(),
                  "options of an address are given once, by any of its servers");
      return;
    }
    draft.spec->options = wanted.options;
  }
  if (!wanted.is_default) { return; }
  if (draft.port.default_server != nullptr) {
    build.error(where, "a duplicate default server for " + address.text());
    return;
  }
  draft.port.default_server = &server;
}

}  // namespace

void set_listen(Build& build, Scope& scope, const Node& node, const Row&) {
  auto& server = *static_cast<Server*>(scope.object);
  draft_of(build, &server).listens = true;
  Wanted wanted = read_parameters(build, node);
  for (const net::Address& address : addresses_of(build, node.argument_word(0))) {
    listen_on(build, server, node.argument_word(0), address, wanted);
  }
}

void add_default_listen(Build& build, Server& server) {
  Word where{"listen", server.at, 6, false};
  auto address = net::Address::parse(geteuid() == 0 ? "0.0.0.0:80" : "0.0.0.0:8000", 80);
  listen_on(build, server, where, *address, Wanted{});
}

}  // namespace sluice::http
