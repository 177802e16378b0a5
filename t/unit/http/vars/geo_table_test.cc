#include "http/vars/geo_table.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice::http {
namespace {

using Added = GeoTable::Added;
using net::Network;

IpNumber ip(string_view text) { return *IpNumber::parse(text); }

struct Networks {
  Added add(string_view network, string_view value) {
    return table.add(*Network::parse(network), value).added;
  }
  Added range(string_view first, string_view last, string_view value) {
    return table.add_range(ip(first), ip(last), value).added;
  }
  std::string at(string_view address) const { return std::string(table.find(ip(address))); }
  GeoTable table;
};

TEST(GeoTable, narrowest_network) {
  Networks n;
  n.add("10.1.2.3", "one");
  n.add("10.0.0.0/8", "ten");
  n.add("10.1.0.0/16", "ten-one");
  n.add("0.0.0.0/1", "half");
  n.add("2001:db8::/32", "v6");
  n.add("2001:db8::/128", "v6 one");
  n.table.set_default("d");
  n.table.finish();
  EXPECT_EQ(n.at("10.1.2.3"), "one");
  EXPECT_EQ(n.at("10.1.2.4"), "ten-one");
  EXPECT_EQ(n.at("10.2.0.0"), "ten");
  EXPECT_EQ(n.at("11.0.0.0"), "half");
  EXPECT_EQ(n.at("128.0.0.0"), "d");
  EXPECT_EQ(n.at("255.255.255.255"), "d");
  EXPECT_EQ(n.at("2001:db8::"), "v6 one");
  EXPECT_EQ(n.at("2001:db8::1"), "v6");
  EXPECT_EQ(n.at("2001:db9::"), "d");
  EXPECT_EQ(n.at("::"), "d");
}

TEST(GeoTable, up_to_the_last_address) {
  Networks n;
  n.add("0.0.0.0/0", "all");
  n.add("255.255.255.255", "last");
  n.add("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "last v6");
  n.table.finish();
  EXPECT_EQ(n.at("0.0.0.0"), "all");
  EXPECT_EQ(n.at("255.255.255.254"), "all");
  EXPECT_EQ(n.at("255.255.255.255"), "last");
  EXPECT_EQ(n.at("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), "last v6");
  EXPECT_EQ(n.at("::"), "");
}

TEST(GeoTable, replaced_and_removed) {
  Networks n;
  EXPECT_EQ(n.add("10.0.0.0/8", "a"), Added::yes);
  EXPECT_EQ(n.add("10.0.0.0/8", "b"), Added::replaced);
  EXPECT_EQ(n.add("10.0.0.0/9", "c"), Added::yes);
  EXPECT_TRUE(n.table.remove(*Network::parse("10.0.0.0/9")));
  EXPECT_FALSE(n.table.remove(*Network::parse("10.0.0.0/9")));
  n.table.finish();
  EXPECT_EQ(n.at("10.0.0.1"), "b");
}

TEST(GeoTable, ranges) {
  Networks n;
  EXPECT_EQ(n.range("10.0.0.1", "10.0.0.9", "a"), Added::yes);
  EXPECT_EQ(n.range("10.0.0.3", "10.0.0.5", "b"), Added::yes);
  EXPECT_EQ(n.range("10.0.0.6", "10.0.0.9", "end"), Added::replaced);
  EXPECT_EQ(n.range("10.0.0.2", "10.0.0.3", "x"), Added::overlaps);
  EXPECT_EQ(n.range("10.0.0.0", "10.0.0.20", "x"), Added::overlaps);
  EXPECT_EQ(n.range("10.0.0.0", "10.0.0.0", "before"), Added::yes);
  EXPECT_EQ(n.range("2001:db8::1", "2001:db8::ffff", "v6"), Added::yes);
  EXPECT_FALSE(n.table.remove_range(ip("10.0.0.3"), ip("10.0.0.4")));
  n.table.finish();
  EXPECT_EQ(n.at("10.0.0.0"), "before");
  EXPECT_EQ(n.at("10.0.0.2"), "a");
  EXPECT_EQ(n.at("10.0.0.3"), "b");
  EXPECT_EQ(n.at("10.0.0.5"), "b");
  EXPECT_EQ(n.at("10.0.0.6"), "end");
  EXPECT_EQ(n.at("10.0.0.10"), "");
  EXPECT_EQ(n.at("2001:db8::2"), "v6");
}

TEST(GeoTable, agrees_with_looking_at_every_network) {
  std::mt19937 random(7);
  Networks n;
  std::vector<std::pair<Network, std::string>> all;
  for (int i = 0; i < 2000; ++i) {
    // Narrow space, so that networks contain each other.
    bool v6 = i % 2 == 0;
    unsigned bits = 16 + random() % 17;
    std::string text = v6 ? "2001:" + std::to_string(random() % 10) + "::" + std::to_string(random() % 100) +
                                "/" + std::to_string(bits * 4)
                          : "10." + std::to_string(random() % 4) + "." + std::to_string(random() % 256) +
                                "." + std::to_string(random() % 256) + "/" + std::to_string(bits);
    auto network = *Network::parse(text);
    std::string value = std::to_string(i % 50);
    n.table.add(network, value);
    std::erase_if(all, [&](const auto& one) {
      return one.first.first == network.first && one.first.last == network.last;
    });
    all.emplace_back(network, value);
  }
  n.table.finish();
  for (int i = 0; i < 20000; ++i) {
    IpNumber address = all[random() % all.size()].first.first;
    address.low += random() % 300;
    address.low &= address.v6 ? UINT64_MAX : UINT32_MAX;
    const std::pair<Network, std::string>* narrowest = nullptr;
    for (const auto& one : all) {
      if (!one.first.covers(address)) { continue; }
      if (narrowest == nullptr ||
          (narrowest->first.covers(one.first.first) && narrowest->first.covers(one.first.last))) {
        narrowest = &one;
      }
    }
    ASSERT_EQ(n.table.find(address), narrowest == nullptr ? "" : narrowest->second) << i;
  }
}

}  // namespace
}  // namespace sluice::http
