#include "http/vars/split_table.h"

#include <gtest/gtest.h>

#include <map>

namespace sluice::http {
namespace {

// Known values of MurmurHash2, one for each length of the last word.
TEST(MurmurHash2, known_values) {
  EXPECT_EQ(murmur_hash2(""), 0u);
  EXPECT_EQ(murmur_hash2("a"), 0x92685f5eu);
  EXPECT_EQ(murmur_hash2("abcd"), 0x26873021u);
  EXPECT_EQ(murmur_hash2("abcdefg"), 0xf9a1cef3u);
}

TEST(SplitTable, shares) {
  SplitTable table;
  EXPECT_TRUE(table.add(1000, "ten"));
  EXPECT_TRUE(table.add(2500, "twenty-five"));
  table.add_rest("rest");
  std::map<std::string_view, int> counts;
  for (int i = 0; i < 100000; ++i) { ++counts[table.find("client " + std::to_string(i))]; }
  EXPECT_NEAR(counts["ten"], 10000, 500);
  EXPECT_NEAR(counts["twenty-five"], 25000, 500);
  EXPECT_NEAR(counts["rest"], 65000, 500);
}

TEST(SplitTable, no_more_than_there_is) {
  SplitTable table;
  EXPECT_TRUE(table.add(6000, "a"));
  EXPECT_FALSE(table.add(4001, "b"));
  EXPECT_TRUE(table.add(4000, "b"));
  EXPECT_FALSE(table.add(1, "c"));
  SplitTable rest;
  rest.add_rest("a");
  EXPECT_FALSE(rest.add(1, "b"));
}

TEST(SplitTable, nothing_where_no_part_is) {
  SplitTable table;
  EXPECT_EQ(table.find("x"), "");
  table.add(SplitTable::kWhole, "all");
  EXPECT_EQ(table.find("x"), "all");
}

}  // namespace
}  // namespace sluice::http
