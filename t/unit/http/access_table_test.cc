#include "http/access_table.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice::http {

namespace {

using Says = AccessTable::Says;
using net::IpNumber;
using net::Network;

Says find(const AccessTable& table, std::string_view address) {
  return table.find(*IpNumber::parse(address));
}

TEST(AccessTable, TheFirstRuleCounts) {
  AccessTable table;
  table.add(*Network::parse("192.0.2.1"), Says::deny);
  table.add(*Network::parse("192.0.2.0/24"), Says::allow);
  table.add(*Network::parse("192.0.2.7"), Says::deny);
  table.add(*Network::parse("2001:db8::/32"), Says::allow);
  table.finish();
  EXPECT_EQ(find(table, "192.0.2.0"), Says::allow);
  EXPECT_EQ(find(table, "192.0.2.1"), Says::deny);
  EXPECT_EQ(find(table, "192.0.2.2"), Says::allow);
  EXPECT_EQ(find(table, "192.0.2.7"), Says::allow);
  EXPECT_EQ(find(table, "192.0.2.255"), Says::allow);
  EXPECT_EQ(find(table, "192.0.3.0"), Says::nothing);
  EXPECT_EQ(find(table, "192.0.1.255"), Says::nothing);
  EXPECT_EQ(find(table, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), Says::allow);
  EXPECT_EQ(find(table, "2001:db9::"), Says::nothing);
  EXPECT_EQ(table.find_unix(), Says::nothing);
}

TEST(AccessTable, AllIsAll) {
  AccessTable table;
  table.add_unix(Says::allow);
  table.add_all(Says::deny);
  table.add(*Network::parse("127.0.0.1"), Says::allow);
  table.finish();
  for (const char* address :
       {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    EXPECT_EQ(find(table, address), Says::deny) << address;
  }
  EXPECT_EQ(table.find_unix(), Says::allow);
}

TEST(AccessTable, OneFamilyIsNotTheOther) {
  AccessTable table;
  table.add(*Network::parse("0.0.0.0/0"), Says::deny);
  table.finish();
  EXPECT_EQ(find(table, "255.255.255.255"), Says::deny);
  EXPECT_EQ(find(table, "::ffff:1.2.3.4"), Says::deny);
  EXPECT_EQ(find(table, "::"), Says::nothing);
  EXPECT_EQ(find(table, "::1.2.3.4"), Says::nothing);
}

TEST(AccessTable, IsWhatTryingTheRulesInTurnWouldFind) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    AccessTable table;
    std::vector<std::pair<Network, Says>> rules;
    for (int i = 0; i < 30; ++i) {
      unsigned bits = 24 + random() % 9;
      std::string text = "10.0.0." + std::to_string(random() % 256) + "/" + std::to_string(bits);
      Says says = random() % 2 == 0 ? Says::allow : Says::deny;
      rules.emplace_back(*Network::parse(text), says);
      table.add(rules.back().first, says);
    }
    table.finish();
    for (uint64_t low = 0x09ffffff; low <= 0x0a000100; ++low) {
      IpNumber address{false, 0, low};
      Says expected = Says::nothing;
      for (const auto& [network, says] : rules) {
        if (network.covers(address)) {
          expected = says;
          break;
        }
      }
      ASSERT_EQ(table.find(address), expected) << low;
    }
  }
}

}  // namespace

}  // namespace sluice::http
