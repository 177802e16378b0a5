// Socket addresses: parsing, printing, comparing. Names are resolved elsewhere.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::net {

class Address {
 public:
  Address() = default;
  Address(const sockaddr* address, socklen_t length);

  // "127.0.0.1:80", "[::1]:80", "unix:/path"; a missing port is `default_port`. No names.
  static std::optional<Address> parse(std::string_view text, uint16_t default_port);

  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const { return length_; }
  int family() const { return length_ == 0 ? AF_UNSPEC : raw()->sa_family; }
  uint16_t port() const;
  void set_port(uint16_t port);
  // Without port: "127.0.0.1", "::1", "unix:".
  std::string host() const;
  // With port: "127.0.0.1:80", "[::1]:80", "unix:/path".
  std::string text() const;
  // The address in network order: 4 or 16 bytes; for unix sockets "unix:".
  std::string_view binary() const;
  bool operator==(const Address& other) const;

 private:
  // Room for the longest: a unix path.
  union {
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un un;
  } storage_{};
  socklen_t length_ = 0;
};

// host[:port] as written in a configuration, before the name is resolved.
struct HostPortText {
  std::string host;  // brackets removed; "unix:/path" whole
  uint16_t port = 0;
  bool has_port = false;
  bool numeric = false;  // an address: needs no resolver
};
// Null when the port is none or the brackets do not match.
std::optional<HostPortText> split_authority(std::string_view text, uint16_t default_port);

// getaddrinfo: blocks, so only while a configuration is built. Empty with `error` set on failure.
std::vector<Address> resolve_now(const std::string& host, uint16_t port, std::string& error);
// From now on resolve_now() takes every name for an address that nobody has (RFC 5737): for commands that
// read a configuration and connect to nobody.
void resolve_nothing();

// The peer of an accepted connection, small enough to keep for idle ones.
class PeerAddress {
 public:
  void set(const sockaddr* address, socklen_t length);
  Address full() const;
  // The address without port, as Address::host() prints it. Returns how many of the kHostRoom characters it
  // took.
  static constexpr size_t kHostRoom = 46;
  size_t write_host(char* out) const;
  int family() const { return storage_.v6.sin6_family; }
  uint16_t port() const { return storage_.v6.sin6_port; }

 private:
  union {
    sockaddr_in v4;
    sockaddr_in6 v6;
  } storage_{};
};

}  // namespace sluice::net
