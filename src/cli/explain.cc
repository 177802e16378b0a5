// sluice explain: what becomes of one request, and why.
#include <algorithm>
#include <cstdio>

#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/explanation.h"
#include "cli/rehearsal.h"
#include "os/load.h"

namespace sluice::cli {

namespace {

constexpr const char* kUsage =
    "explain URL [-X METHOD] [-H 'NAME: VALUE'] ... [--client ADDRESS] [--listen ADDRESS] [--format "
    "text|json]\n"
    "       [-c FILE] [-p PREFIX] [-g DIRECTIVES]";
constexpr const char* kAbout =
    "Tells what a configuration does with a request: which listen, server and location serve it, what the\n"
    "steps before the content do, where the answer would come from, and every setting in force that is not\n"
    "the default, with the file and line it stands in. Nothing is connected to: servers behind are taken to\n"
    "answer 200. Files are looked for on this machine.\n"
    "\n"
    "Exit code: 0, 1 when no server of the configuration listens there, 2 when the configuration or the\n"
    "request is wrong.";

struct Asked {
  std::string method = "GET";
  std::vector<std::string> headers;
  std::string client = "127.0.0.1";
  std::string listen;
  std::string host;  // with a port when one was given
  std::string target = "/";
  uint16_t port = 80;
  bool has_port = false;  // given, or meant by a scheme
};

bool read_url(const std::string& url, Asked& asked) {
  std::string_view rest = url;
  bool tls = rest.starts_with("https://");
  bool plain = rest.starts_with("http://");
  if (!tls && !plain && rest.find("://") != std::string_view::npos) { return false; }
  rest.remove_prefix(tls ? 8 : plain ? 7 : 0);
  rest = rest.substr(0, rest.find('#'));
  size_t path = std::min(rest.find_first_of("/?"), rest.size());
  asked.host = rest.substr(0, path);
  rest.remove_prefix(path);
  if (!rest.empty()) { asked.target = (rest[0] == '?' ? "/" : "") + std::string(rest); }
  asked.has_port = tls || plain;
  asked.port = tls ? 443 : 80;
  if (asked.host.empty()) { return !tls && !plain && path == 0 && !url.empty(); }
  auto parts = net::split_authority(asked.host, asked.port);
  if (!parts) { return false; }
  asked.port = parts->port;
  asked.has_port = asked.has_port || parts->has_port;
  return true;
}

// The port of the configuration that a connection to the URL comes to: of this address, else of any address
// with its number; where the URL leaves that open, the first there is.
const http::Port* choose_port(const http::Servers& servers, const Asked& asked) {
  const http::Port* found = nullptr;
  int best = 0;
  auto parts = net::split_authority(asked.host, asked.port);
  for (const http::Port* port : servers.ports) {
    const net::Address& address = port->address;
    bool same_host = parts && parts->numeric && address.host() == parts->host;
    int fits = 0;
    if (!asked.listen.empty()) {
      fits = address.text() == asked.listen || address.text().ends_with(":" + asked.listen) ? 4 : 0;
    } else if (!asked.has_port) {
      fits = 1;
    } else if (address.port() == asked.port) {
      bool named = parts && !parts->numeric;
      fits = same_host ? 3 : port->wildcard ? 2 : named ? 1 : 0;
    }
    if (fits > best) {
      best = fits;
      found = port;
    }
  }
  return found;
}

std::string head_of(const Asked& asked) {
  std::string out = asked.method + " " + asked.target + " HTTP/1.1\r\n";
  bool has_host = std::any_of(asked.headers.begin(), asked.headers.end(), [](const std::string& line) {
    return iequals(std::string_view(line).substr(0, 5), "host:");
  });
  if (!has_host) { out += "Host: " + (asked.host.empty() ? "localhost" : asked.host) + "\r\n"; }
  for (const std::string& line : asked.headers) { out += line + "\r\n"; }
  return out + "\r\n";
}

int explain(const os::Invocation& invocation, const Asked& asked, const net::Address& peer,
            const std::string& format) {
  Trace trace;
  Provenance provenance;
  http::Watcher::instance = &trace;
  net::resolve_nothing();
  os::LoadOptions how;
  how.elsewhere = true;
  how.observer = &provenance;
  os::Loaded loaded = os::load(invocation, how);
  if (!loaded.good()) {
    fputs(loaded.diagnostics.render().c_str(), stderr);
    return kUsageError;
  }
  const http::Servers* servers = http::servers_of(*loaded.config);
  const http::Port* port = servers == nullptr ? nullptr : choose_port(*servers, asked);
  if (port == nullptr) {
    fprintf(stderr, "sluice: no server listens there; there are:");
    for (const http::Port* other : servers == nullptr ? std::vector<http::Port*>() : servers->ports) {
      fprintf(stderr, " %s", other->address.text().c_str());
    }
    fputc('\n', stderr);
    return 1;
  }
  // What a server would log of the request is told in other words.
  log::set_main_log({});
  log::echo_to_stderr(std::nullopt);
  Rehearsal rehearsal(*loaded.config, *port, head_of(asked), peer);
  rehearsal.run();
  Explanation told{rehearsal.request(), *port, trace, provenance, rehearsal.refused(), rehearsal.done()};
  print(format == "json" ? told.json() : told.text());
  return 0;
}

int run(const std::vector<std::string>& arguments, const char* binary) {
  ConfigurationOptions configuration;
  Asked asked;
  std::string format = "text";
  std::vector<std::string> words;
  int code = 0;
  std::vector<Option> options = configuration.with(
      {{"-X", "METHOD", "the request's method", nullptr, &asked.method},
       {"-H", "FIELD", "a field of the request, \"Name: value\"", nullptr, nullptr, &asked.headers},
       {"--client", "ADDRESS", "the client's address", nullptr, &asked.client},
       {"--listen", "ADDRESS", "the address it connects to, where the URL leaves that open", nullptr,
        &asked.listen},
       {"--format", "NAME", "text or json", nullptr, &format}});
  if (!read_arguments(arguments, kUsage, kAbout, options, words, code)) { return code; }
  if (words.size() != 1) { return say_usage(words.empty() ? "a URL is missing" : "one URL is enough"); }
  if (!known_format(format, {"text", "json"})) { return kUsageError; }
  if (!read_url(words[0], asked)) { return say_usage("this is no URL: \"" + words[0] + "\""); }
  std::optional<net::Address> peer = net::Address::parse(asked.client, 54321);
  if (!peer) { return say_usage("this is no address: \"" + asked.client + "\""); }
  for (const std::string& line : asked.headers) {
    bool good = line.find(':') != std::string::npos && line.find_first_of("\r\n") == std::string::npos;
    if (!good) { return say_usage("this is no field: \"" + line + "\""); }
  }
  bool blank = (asked.method + asked.target + asked.host).find_first_of(" \t\r\n") != std::string::npos;
  if (blank || asked.method.empty()) { return say_usage("a method and a URL have no blanks"); }
  return explain(configuration.invocation(binary), asked, *peer, format);
}

const CommandRow row{"explain", "tell what becomes of a request, and why", run};
const CommandRegistration registered(row);

}  // namespace

}  // namespace sluice::cli
