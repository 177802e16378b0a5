#include "http/host.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>

#include "base/text.h"

namespace sluice::http {

namespace {

constexpr std::array<bool, 256> make_name_table() {
  std::array<bool, 256> table{};
  for (int c = 0; c < 256; ++c) {
    table[static_cast<size_t>(c)] = is_alpha(static_cast<char>(c)) || is_digit(static_cast<char>(c));
  }
  // unreserved and sub-delims (RFC 3986 2.2, 2.3) but the quote and the comma.
  for (char c : string_view("-._~!$&()*+;=")) { table[static_cast<unsigned char>(c)] = true; }
  return table;
}
constexpr auto kNameCharacter = make_name_table();

// Escapes are for what is not ASCII; an escaped ASCII character is another spelling of a plain name, by which
// a rule about that name could be got around.
bool valid_escape(string_view rest) {
  return rest.size() >= 3 && hex_value(rest[1]) >= 8 && hex_value(rest[2]) >= 0;
}

bool valid_name(string_view name) {
  if (name.empty() || name.front() == '.') { return false; }
  char before = 0;
  for (size_t i = 0; i < name.size(); ++i) {
    char c = name[i];
    if (c == '%') {
      if (!valid_escape(name.substr(i))) { return false; }
      i += 2;
    } else if (!kNameCharacter[static_cast<unsigned char>(c)] || (c == '.' && before == '.')) {
      return false;
    }
    before = c;
  }
  return true;
}

bool valid_ipv6(string_view address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.size() >= sizeof text) { return false; }
  memcpy(text, address.data(), address.size());
  in6_addr parsed;
  // A NUL would end the text early: inet_pton must see all of it.
  return strlen(text) == address.size() && inet_pton(AF_INET6, text, &parsed) == 1;
}

bool valid_port(string_view port) {
  if (port.empty()) { return true; }
  auto number = parse_decimal(port);
  return number.has_value() && *number <= 65535;
}

}  // namespace

bool valid_host(string_view text) {
  if (text.empty() || text.front() != '[') {
    Split parts = split(text, ':');
    return valid_name(parts.head) && valid_port(parts.tail);
  }
  size_t close = text.find(']');
  if (close == string_view::npos || !valid_ipv6(text.substr(1, close - 1))) { return false; }
  string_view rest = text.substr(close + 1);
  return rest.empty() || (rest.front() == ':' && valid_port(rest.substr(1)));
}

HostPort split_host_port(string_view text) {
  size_t from = text.empty() || text.front() != '[' ? 0 : text.find(']');
  size_t colon = text.find(':', from == string_view::npos ? 0 : from);
  if (colon == string_view::npos) { return {text, {}}; }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace sluice::http
