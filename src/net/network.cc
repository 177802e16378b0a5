#include "net/network.h"

#include <arpa/inet.h>

#include <cstring>

#include "base/text.h"
#include "net/address.h"

namespace sluice::net {

namespace {

constexpr unsigned kMostBits4 = 32;
constexpr unsigned kMostBits6 = 128;

uint64_t big_endian(const char* bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) { value = value << 8 | static_cast<unsigned char>(bytes[i]); }
  return value;
}

// All bits below the first `bits` of 64.
uint64_t below(unsigned bits) { return bits >= 64 ? 0 : UINT64_MAX >> bits; }

// The bits that a mask of so many leaves free.
IpNumber free_bits(bool v6, unsigned bits) {
  if (!v6) { return {false, 0, below(bits + 32)}; }
  return {true, below(bits), bits <= 64 ? UINT64_MAX : below(bits - 64)};
}

}  // namespace

std::optional<IpNumber> IpNumber::from_bytes(std::string_view bytes) {
  if (bytes.size() == 4) { return IpNumber{false, 0, big_endian(bytes.data(), 4)}; }
  if (bytes.size() != 16) { return std::nullopt; }
  IpNumber number{true, big_endian(bytes.data(), 8), big_endian(bytes.data() + 8, 8)};
  if (number.high == 0 && number.low >> 32 == 0xffff) { return IpNumber{false, 0, number.low & UINT32_MAX}; }
  return number;
}

std::optional<IpNumber> IpNumber::parse(std::string_view text) {
  char copy[INET6_ADDRSTRLEN];
  // A NUL would end the text early for inet_pton.
  if (text.empty() || text.size() >= sizeof copy || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  char bytes[16];
  if (inet_pton(AF_INET, copy, bytes) == 1) { return from_bytes({bytes, 4}); }
  if (inet_pton(AF_INET6, copy, bytes) == 1) { return from_bytes({bytes, 16}); }
  return std::nullopt;
}

std::optional<IpNumber> IpNumber::parse_with_port(std::string_view text) {
  if (auto plain = parse(text)) { return plain; }
  if (text.starts_with("unix:")) { return std::nullopt; }
  auto address = Address::parse(text, 0);
  return address ? from_bytes(address->binary()) : std::nullopt;
}

std::optional<Network> Network::parse(std::string_view text) {
  Split parts = split(text, '/');
  auto address = IpNumber::parse(parts.head);
  if (!address) { return std::nullopt; }
  // "::ffff:192.0.2.0/120" is an IPv4 network.
  bool mapped = !address->v6 && parts.head.find(':') != std::string_view::npos;
  unsigned most = address->v6 || mapped ? kMostBits6 : kMostBits4;
  uint64_t bits = most;
  if (parts.found) {
    auto given = parse_decimal(parts.tail);
    if (!given || *given > most || (mapped && *given < kMostBits6 - kMostBits4)) { return std::nullopt; }
    bits = *given;
  }
  if (mapped) { bits -= kMostBits6 - kMostBits4; }
  IpNumber free = free_bits(address->v6, static_cast<unsigned>(bits));
  Network network;
  network.first = {address->v6, address->high & ~free.high, address->low & ~free.low};
  network.last = {address->v6, address->high | free.high, address->low | free.low};
  network.low_bits = network.first != *address;
  return network;
}

}  // namespace sluice::net
