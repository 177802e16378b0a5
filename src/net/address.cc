#include "net/address.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.h"

namespace sluice::net {

Address::Address(const sockaddr* address, socklen_t length) {
  length_ = std::min<socklen_t>(length, sizeof storage_);
  memcpy(&storage_, address, length_);
}

std::optional<Address> Address::parse(std::string_view text, uint16_t default_port) {
  auto parts = split_authority(text, default_port);
  if (!parts || !parts->numeric) { return std::nullopt; }
  Address out;
  if (parts->host.starts_with("unix:")) {
    std::string_view path = std::string_view(parts->host).substr(5);
    if (path.empty() || path.size() >= sizeof out.storage_.un.sun_path) { return std::nullopt; }
    out.storage_.un.sun_family = AF_UNIX;
    memcpy(out.storage_.un.sun_path, path.data(), path.size());
    out.length_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
    return out;
  }
  if (inet_pton(AF_INET, parts->host.c_str(), &out.storage_.v4.sin_addr) == 1) {
    out.storage_.v4.sin_family = AF_INET;
    out.length_ = sizeof(sockaddr_in);
  } else if (inet_pton(AF_INET6, parts->host.c_str(), &out.storage_.v6.sin6_addr) == 1) {
    out.storage_.v6.sin6_family = AF_INET6;
    out.length_ = sizeof(sockaddr_in6);
  } else {
    return std::nullopt;
  }
  out.set_port(parts->port);
  return out;
}

uint16_t Address::port() const {
  switch (family()) {
    case AF_INET:
      return ntohs(storage_.v4.sin_port);
    case AF_INET6:
      return ntohs(storage_.v6.sin6_port);
    default:
      return 0;
  }
}

void Address::set_port(uint16_t port) {
  if (family() == AF_INET) { storage_.v4.sin_port = htons(port); }
  if (family() == AF_INET6) { storage_.v6.sin6_port = htons(port); }
}

std::string Address::host() const {
  char text[INET6_ADDRSTRLEN] = "";
  switch (family()) {
    case AF_INET:
      inet_ntop(AF_INET, &storage_.v4.sin_addr, text, sizeof text);
      return text;
    case AF_INET6:
      inet_ntop(AF_INET6, &storage_.v6.sin6_addr, text, sizeof text);
      return text;
    default:
      return "unix:";
  }
}

std::string Address::text() const {
  switch (family()) {
    case AF_INET:
      return host() + ":" + std::to_string(port());
    case AF_INET6:
      return "[" + host() + "]:" + std::to_string(port());
    case AF_UNIX: {
      bool named = length_ > offsetof(sockaddr_un, sun_path);
      return std::string("unix:") + (named ? storage_.un.sun_path : "");
    }
    default:
      return "";
  }
}

std::string_view Address::binary() const {
  switch (family()) {
    case AF_INET:
      return {reinterpret_cast<const char*>(&storage_.v4.sin_addr), 4};
    case AF_INET6:
      return {reinterpret_cast<const char*>(&storage_.v6.sin6_addr), 16};
    default:
      return "unix:";
  }
}

bool Address::operator==(const Address& other) const {
  if (family() != other.family()) { return false; }
  if (family() == AF_UNIX) { return strcmp(storage_.un.sun_path, other.storage_.un.sun_path) == 0; }
  return port() == other.port() && binary() == other.binary();
}

namespace {
bool take_port(std::string_view text, HostPortText& out) {
  auto port = parse_decimal(text);
  if (!port || *port == 0 || *port > 65535) { return false; }
  out.port = static_cast<uint16_t>(*port);
  out.has_port = true;
  return true;
}
}  // namespace

std::optional<HostPortText> split_authority(std::string_view text, uint16_t default_port) {
  HostPortText out;
  out.port = default_port;
  if (text.starts_with("unix:")) {
    out.host = text;
    out.numeric = true;
    return out;
  }
  if (text.starts_with('[')) {
    size_t close = text.find(']');
    if (close == std::string_view::npos) { return std::nullopt; }
    out.host = text.substr(1, close - 1);
    std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && (rest[0] != ':' || !take_port(rest.substr(1), out))) { return std::nullopt; }
    in6_addr ignored;
    out.numeric = inet_pton(AF_INET6, out.host.c_str(), &ignored) == 1;
    if (!out.numeric) { return std::nullopt; }
    return out;
  }
  auto [host, port, has_port] = split(text, ':');
  if (host.empty() || (has_port && !take_port(port, out))) { return std::nullopt; }
  out.host = host;
  in_addr ignored;
  out.numeric = inet_pton(AF_INET, out.host.c_str(), &ignored) == 1;
  return out;
}

namespace {
bool resolving = true;
}

void resolve_nothing() { resolving = false; }

std::vector<Address> resolve_now(const std::string& host, uint16_t port, std::string& error) {
  if (!resolving) {
    Address nobody = *Address::parse(host == "localhost" ? "127.0.0.1" : "192.0.2.1", port);
    nobody.set_port(port);
    return {nobody};
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  // No name is made of digits alone (RFC 1123 2.1): a mistyped address needs no server to say so.
  bool digits = host.find_first_not_of("0123456789.") == std::string::npos;
  hints.ai_flags = digits ? AI_NUMERICHOST : AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  int failure = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (!digits && (failure == EAI_ADDRFAMILY || failure == EAI_NONAME)) {
    hints.ai_flags = 0;  // only loopback is configured: AI_ADDRCONFIG would hide names in the hosts file
    failure = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  }
  if (failure != 0) {
    error = gai_strerror(failure);
    return {};
  }
  std::vector<Address> out;
  for (addrinfo* at = found; at != nullptr; at = at->ai_next) {
    Address address(at->ai_addr, at->ai_addrlen);
    address.set_port(port);
    if (std::find(out.begin(), out.end(), address) == out.end()) { out.push_back(address); }
  }
  freeaddrinfo(found);
  return out;
}

void PeerAddress::set(const sockaddr* address, socklen_t length) {
  storage_.v6.sin6_family = address->sa_family;
  if (address->sa_family != AF_UNIX) {
    memcpy(&storage_, address, std::min<size_t>(length, sizeof storage_));
  }
}

namespace {
// An octet in decimal with a dot behind it.
struct Octet {
  char text[4];
  uint8_t size;  // dot included
};
constexpr auto kOctets = [] {
  std::array<Octet, 256> octets{};
  for (int value = 0; value < 256; ++value) {
    Octet& octet = octets[static_cast<size_t>(value)];
    if (value >= 100) { octet.text[octet.size++] = static_cast<char>('0' + value / 100); }
    if (value >= 10) { octet.text[octet.size++] = static_cast<char>('0' + value / 10 % 10); }
    octet.text[octet.size++] = static_cast<char>('0' + value % 10);
    octet.text[octet.size++] = '.';
  }
  return octets;
}();
}  // namespace

size_t PeerAddress::write_host(char* out) const {
  if (family() != AF_INET) {
    std::string text = full().host();
    memcpy(out, text.data(), text.size());
    return text.size();
  }
  // Once per request: inet_ntop() takes twenty times as long.
  const auto* bytes = reinterpret_cast<const unsigned char*>(&storage_.v4.sin_addr);
  char* at = out;
  for (int i = 0; i < 4; ++i) {
    const Octet& octet = kOctets[bytes[i]];
    memcpy(at, octet.text, sizeof octet.text);
    at += octet.size;
  }
  return static_cast<size_t>(at - out) - 1;
}

Address PeerAddress::full() const {
  switch (family()) {
    case AF_INET:
      return {reinterpret_cast<const sockaddr*>(&storage_), sizeof(sockaddr_in)};
    case AF_INET6:
      return {reinterpret_cast<const sockaddr*>(&storage_), sizeof(sockaddr_in6)};
    default:
      return {reinterpret_cast<const sockaddr*>(&storage_), sizeof(sa_family_t)};
  }
}

}  // namespace sluice::net
