#include "http/host.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>

#include "base/text.h"

namespace sluice::http {

namespace {

enum Kind : uint8_t { kOther, kPlain, kDotOrEscape };

constexpr std::array<Kind, 256> make_kinds() {
  std::array<Kind, 256> kinds{};
  for (size_t c = 0; c < kinds.size(); ++c) {
    if (is_alpha(static_cast<char>(c)) || is_digit(static_cast<char>(c))) { kinds[c] = kPlain; }
  }
  // unreserved and sub-delims (RFC 3986 2.2, 2.3) but the quote and the comma.
  for (char c : string_view("-_~!$&()*+;=")) { kinds[static_cast<unsigned char>(c)] = kPlain; }
  kinds['.'] = kDotOrEscape;
  kinds['%'] = kDotOrEscape;
  return kinds;
}
constexpr auto kKinds = make_kinds();

// Escapes are for what is not ASCII; an escaped ASCII character is another spelling of a plain name, by which
// a rule about that name could be got around.
bool valid_escape(const char* at, const char* end) {
  return end - at >= 3 && hex_value(at[1]) >= 8 && hex_value(at[2]) >= 0;
}

// Where the reg-name or IPv4 address at the begin of [at, end) ends, or null when it is none.
const char* find_name_end(const char* at, const char* end) {
  const char* label = at;
  for (;; ++at) {
    while (at != end && kKinds[static_cast<unsigned char>(*at)] == kPlain) { ++at; }
    if (at == end || kKinds[static_cast<unsigned char>(*at)] == kOther) { return at; }
    if (*at == '.') {
      // Only the last label may be empty.
      if (at == label) { return nullptr; }
      label = at + 1;
    } else {
      if (!valid_escape(at, end)) { return nullptr; }
      at += 2;
    }
  }
}

bool valid_ipv6(string_view address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.size() >= sizeof text) { return false; }
  memcpy(text, address.data(), address.size());
  in6_addr parsed;
  // A NUL would end the text early: inet_pton must see all of it.
  return strlen(text) == address.size() && inet_pton(AF_INET6, text, &parsed) == 1;
}

// [ ":" port ]
bool valid_port(const char* at, const char* end) {
  if (at == end) { return true; }
  uint32_t number = 0;
  bool valid = *at == ':';
  while (valid && ++at != end) {
    valid = is_digit(*at);
    number = number * 10 + static_cast<uint32_t>(*at - '0');
    valid = valid && number <= 65535;
  }
  return valid;
}

}  // namespace

bool valid_host(string_view text) {
  const char* end = text.data() + text.size();
  if (text.empty() || text.front() != '[') {
    const char* stop = find_name_end(text.data(), end);
    return stop != nullptr && stop != text.data() && valid_port(stop, end);
  }
  size_t close = text.find(']');
  return close != string_view::npos && valid_ipv6(text.substr(1, close - 1)) &&
         valid_port(text.data() + close + 1, end);
}

HostPort split_host_port(string_view text) {
  size_t from = text.empty() || text.front() != '[' ? 0 : text.find(']');
  size_t colon = text.find(':', from == string_view::npos ? 0 : from);
  if (colon == string_view::npos) { return {text, {}}; }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace sluice::http
