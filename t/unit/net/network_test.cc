#include "net/network.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::net {
namespace {

using std::string_view;

// The text of the number, or "none".
std::string shown(const std::optional<IpNumber>& number) {
  if (!number) { return "none"; }
  char text[64];
  snprintf(text, sizeof text, "%s %lx %lx", number->v6 ? "v6" : "v4", number->high, number->low);
  return text;
}

TEST(IpNumber, parse) {
  EXPECT_EQ(shown(IpNumber::parse("192.0.2.1")), "v4 0 c0000201");
  EXPECT_EQ(shown(IpNumber::parse("2001:db8::1")), "v6 20010db800000000 1");
  EXPECT_EQ(shown(IpNumber::parse("::ffff:192.0.2.1")), "v4 0 c0000201");
  for (string_view wrong : {"", "1.2.3", "1.2.3.256", "x", ":::", "1.2.3.4:80", "[::1]", "unix:"}) {
    EXPECT_EQ(shown(IpNumber::parse(wrong)), "none") << wrong;
  }
  EXPECT_EQ(shown(IpNumber::parse(string_view("1.2.3.4\0x", 9))), "none");
  EXPECT_EQ(shown(IpNumber::parse(std::string(100, '1'))), "none");
}

TEST(IpNumber, parse_with_port) {
  EXPECT_EQ(shown(IpNumber::parse_with_port("192.0.2.1:80")), "v4 0 c0000201");
  EXPECT_EQ(shown(IpNumber::parse_with_port("192.0.2.1")), "v4 0 c0000201");
  EXPECT_EQ(shown(IpNumber::parse_with_port("[::1]:80")), "v6 0 1");
  EXPECT_EQ(shown(IpNumber::parse_with_port("[::1]")), "v6 0 1");
  for (string_view wrong : {"", "host:80", "unix:/x", "1.2.3.4:99999", "[::1"}) {
    EXPECT_EQ(shown(IpNumber::parse_with_port(wrong)), "none") << wrong;
  }
}

TEST(IpNumber, neighbours) {
  IpNumber carry{true, 1, UINT64_MAX};
  EXPECT_EQ(carry.next(), (IpNumber{true, 2, 0}));
  EXPECT_EQ(carry.next().previous(), carry);
  EXPECT_LT(IpNumber::most(false), IpNumber::least(true));
}

TEST(Network, parse) {
  auto shows = [](string_view text) {
    auto network = Network::parse(text);
    if (!network) { return std::string("none"); }
    return shown(network->first) + " - " + shown(network->last) + (network->low_bits ? " low" : "");
  };
  EXPECT_EQ(shows("10.0.0.0/8"), "v4 0 a000000 - v4 0 affffff");
  EXPECT_EQ(shows("10.1.0.0/8"), "v4 0 a000000 - v4 0 affffff low");
  EXPECT_EQ(shows("0.0.0.0/0"), "v4 0 0 - v4 0 ffffffff");
  EXPECT_EQ(shows("10.0.0.1"), "v4 0 a000001 - v4 0 a000001");
  EXPECT_EQ(shows("::/0"), "v6 0 0 - v6 ffffffffffffffff ffffffffffffffff");
  EXPECT_EQ(shows("::1"), "v6 0 1 - v6 0 1");
  EXPECT_EQ(shows("2001:db8::/32"), "v6 20010db800000000 0 - v6 20010db8ffffffff ffffffffffffffff");
  EXPECT_EQ(shows("2001:db8::/64"), "v6 20010db800000000 0 - v6 20010db800000000 ffffffffffffffff");
  EXPECT_EQ(shows("2001:db8::/80"), "v6 20010db800000000 0 - v6 20010db800000000 ffffffffffff");
  EXPECT_EQ(shows("::ffff:10.0.0.0/104"), "v4 0 a000000 - v4 0 affffff");
  for (string_view wrong :
       {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x", "/8", "", "::ffff:10.0.0.0/90"}) {
    EXPECT_EQ(shows(wrong), "none") << wrong;
  }
}

TEST(Network, covers) {
  auto network = Network::parse("10.0.0.0/8");
  EXPECT_TRUE(network->covers(*IpNumber::parse("10.255.255.255")));
  EXPECT_FALSE(network->covers(*IpNumber::parse("11.0.0.0")));
  EXPECT_FALSE(network->covers(*IpNumber::parse("::a00:0")));
}

}  // namespace
}  // namespace sluice::net
