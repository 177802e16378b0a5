// The directives of the events block.
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "base/text.h"
#include "os/settings.h"

namespace sluice::os {

namespace {

using conf::arguments;
using conf::Build;
using conf::kEvents;
using conf::Node;
using conf::Row;
using conf::Scope;

void set_use(Build& build, Scope& scope, const Node& node, const Row&) {
  static constexpr std::string_view kElsewhere[] = {"select",    "poll",    "kqueue",
                                                    "/dev/poll", "devpoll", "eventport"};
  const std::string& method = node.argument(0);
  if (method == "epoll") {
    scope.own<EventSettings>().use = method;
  } else if (std::find(std::begin(kElsewhere), std::end(kElsewhere), method) != std::end(kElsewhere)) {
    build.error(node.argument_word(0), "event method \"" + method + "\" is not supported",
                "use epoll, or no \"use\"");
  } else {
    build.error(node.argument_word(0), "invalid event type \"" + method + "\"", "the only one is epoll");
  }
}

void set_worker_connections(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto number = conf::ValueOf<uint32_t>::parse(node.argument(0));
  if (!number || *number == 0) {
    conf::invalid_value(build, node, 0, row, "a number of at least 1");
    return;
  }
  scope.own<EventSettings>().worker_connections = *number;
}

std::optional<DebugConnection> parse_debug_connection(const std::string& text) {
  DebugConnection parsed;
  if (text == "unix:") {
    parsed.family = AF_UNIX;
    return parsed;
  }
  Split parts = split(text, '/');
  std::string address(parts.head);
  unsigned most = 0;
  if (inet_pton(AF_INET, address.c_str(), parsed.bytes) == 1) {
    parsed.family = AF_INET;
    most = 32;
  } else if (inet_pton(AF_INET6, address.c_str(), parsed.bytes) == 1) {
    parsed.family = AF_INET6;
    most = 128;
  } else {
    return std::nullopt;
  }
  parsed.bits = most;
  if (parts.found) {
    auto bits = parse_decimal(parts.tail);
    if (!bits || *bits > most) { return std::nullopt; }
    parsed.bits = static_cast<unsigned>(*bits);
  }
  return parsed;
}

// All addresses of a host; none when it has none.
std::vector<DebugConnection> find_host(const std::string& name) {
  std::vector<DebugConnection> found;
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* all = nullptr;
  if (getaddrinfo(name.c_str(), nullptr, &wanted, &all) != 0) { return found; }
  for (addrinfo* at = all; at != nullptr; at = at->ai_next) {
    char text[INET6_ADDRSTRLEN];
    if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) {
      continue;
    }
    if (auto parsed = parse_debug_connection(text)) { found.push_back(*parsed); }
  }
  freeaddrinfo(all);
  return found;
}

void set_debug_connection(Build& build, Scope& scope, const Node& node, const Row& row) {
  const std::string& text = node.argument(0);
  std::vector<DebugConnection> chosen;
  if (auto parsed = parse_debug_connection(text)) {
    chosen.push_back(*parsed);
  } else if (text.find_first_of("/:") == std::string::npos) {
    chosen = find_host(text);
  }
  if (chosen.empty()) {
    conf::invalid_value(build, node, 0, row,
                        "an address, a network such as 192.0.2.0/24, a host's name, or \"unix:\"");
    return;
  }
  auto& all = scope.own<EventSettings>().debug_connections;
  all.insert(all.end(), chosen.begin(), chosen.end());
  log::debug_wanted = true;
}

using Rows = conf::Module<EventSettings>;
const Rows module(
    "events",
    {
        {"worker_connections", kEvents, arguments(1), set_worker_connections, "number",
         "How many connections a worker may have open, to clients and to servers together.", "512"},
        {"use", kEvents, arguments(1), set_use, "epoll", "How events are waited for.", "epoll"},
        {"multi_accept", kEvents, &EventSettings::multi_accept, "on | off",
         "Whether a worker takes all waiting connections at once, or one in each turn of its loop.", "off"},
        {"accept_mutex", kEvents, &EventSettings::accept_mutex, "on | off",
         "Accepted for compatibility: the kernel wakes one worker for a connection.", "off"},
        {"accept_mutex_delay", kEvents, &EventSettings::accept_mutex_delay, "time",
         "Accepted for compatibility.", "500ms"},
        {"worker_aio_requests", kEvents, &EventSettings::worker_aio_requests, "number",
         "Accepted for compatibility.", "32"},
        Rows::RowSpec("debug_connection", kEvents, arguments(1), set_debug_connection,
                      "address | network | host | unix:",
                      "Connections from these are logged at debug level, whatever the level of the log.")
            .repeating(),
    });

}  // namespace

bool DebugConnection::covers(const sockaddr* address) const {
  if (address->sa_family != family) { return false; }
  if (family == AF_UNIX) { return true; }
  const void* theirs =
      family == AF_INET ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr)
                        : &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  if (memcmp(bytes, theirs, bits / 8) != 0) { return false; }
  unsigned rest = bits % 8;
  auto last = static_cast<const unsigned char*>(theirs)[rest == 0 ? 0 : bits / 8];
  return rest == 0 || (bytes[bits / 8] ^ last) >> (8 - rest) == 0;
}

}  // namespace sluice::os
