#include "http/forwarded_address.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::http {

namespace {

// Takes the last member off a comma-separated list; empty when there is none.
string_view take_last(string_view& list) {
  size_t end = list.find_last_not_of(" ,\t");
  if (end == string_view::npos) {
    list = {};
    return {};
  }
  size_t start = list.find_last_of(" ,\t", end);
  start = start == string_view::npos ? 0 : start + 1;
  string_view last = list.substr(start, end + 1 - start);
  list = list.substr(0, start);
  return last;
}

}  // namespace

net::IpNumber forwarded_address(net::IpNumber from, string_view list,
                                const std::vector<net::Network>& trusted, bool recursive) {
  do {
    bool believed = std::any_of(trusted.begin(), trusted.end(),
                                [&](const net::Network& network) { return network.covers(from); });
    auto told = believed ? net::IpNumber::parse_with_port(take_last(list)) : std::nullopt;
    if (!told) { return from; }
    from = *told;
  } while (recursive);
  return from;
}

}  // namespace sluice::http
