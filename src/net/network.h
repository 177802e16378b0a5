// IP addresses as numbers, and networks of them: for tables and rules by address.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::net {

// Ordered: all of IPv4 before IPv6. An IPv4 address that is mapped to IPv6 (RFC 4291 2.5.5.2) is the IPv4
// one.
struct IpNumber {
  bool v6 = false;
  uint64_t high = 0;  // of IPv6
  uint64_t low = 0;

  static std::optional<IpNumber> parse(std::string_view text);  // "192.0.2.1", "2001:db8::1"
  // With or without a port: "192.0.2.1:80", "[2001:db8::1]:80", "[2001:db8::1]".
  static std::optional<IpNumber> parse_with_port(std::string_view text);
  static std::optional<IpNumber> from_bytes(std::string_view bytes);  // 4 or 16, in network order
  auto operator<=>(const IpNumber&) const = default;

  static IpNumber least(bool v6) { return {v6, 0, 0}; }
  static IpNumber most(bool v6) { return {v6, v6 ? UINT64_MAX : 0, v6 ? UINT64_MAX : UINT32_MAX}; }
  // Of anything but most() and least().
  IpNumber next() const { return {v6, high + (low == UINT64_MAX ? 1 : 0), low + 1}; }
  IpNumber previous() const { return {v6, high - (low == 0 ? 1 : 0), low - 1}; }
};

struct Network {
  IpNumber first;
  IpNumber last;
  bool low_bits = false;  // it was written with bits below the mask, which mean nothing

  // "192.0.2.0/24", "2001:db8::/32", or one address.
  static std::optional<Network> parse(std::string_view text);
  bool covers(const IpNumber& address) const { return first <= address && address <= last; }
};

}  // namespace sluice::net
