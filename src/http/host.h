// The Host field and the authority of a target: uri-host [ ":" port ] (RFC 9110 7.2, RFC 3986 3.2.2).
#pragma once

#include <string_view>

namespace sluice::http {

// Whether all readers take `text` for the same host and port. Narrower than the grammar where it leaves
// spellings that some origin might take for another name: no escapes of ASCII characters, no quotes or
// commas, no empty label but the last, no IPvFuture. An empty port ("host:") is legal.
bool valid_host(std::string_view text);

struct HostPort {
  std::string_view host;  // with brackets, if any
  std::string_view port;  // empty when there is none
};
// Of a valid host.
HostPort split_host_port(std::string_view text);

}  // namespace sluice::http
