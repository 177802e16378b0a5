// Which address a request comes from when proxies in between tell it by X-Forwarded-For. What a client writes
// there counts only as far as the address that it came from is trusted.
#pragma once

#include <string_view>
#include <vector>

#include "net/network.h"

namespace sluice::http {

// `list` is "client, proxy, proxy", the nearest last. The last one that `from`, when it is trusted, tells;
// with `recursive` the last one that is not trusted itself. Where the list says nothing that is an address,
// what was found so far.
net::IpNumber forwarded_address(net::IpNumber from, std::string_view list,
                                const std::vector<net::Network>& trusted, bool recursive);

}  // namespace sluice::http
