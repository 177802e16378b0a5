#include "conf/value.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::conf {
namespace {

std::string size(const char* text) {
  auto value = parse_size(text);
  return value ? std::to_string(value->bytes) : "-";
}
std::string milliseconds(const char* text) {
  auto value = parse_milliseconds(text);
  return value ? std::to_string(value->count) : "-";
}
std::string seconds(const char* text) {
  auto value = parse_seconds(text);
  return value ? std::to_string(value->count) : "-";
}

TEST(Value, Size) {
  EXPECT_EQ(size("0"), "0");
  EXPECT_EQ(size("512"), "512");
  EXPECT_EQ(size("8k"), "8192");
  EXPECT_EQ(size("8K"), "8192");
  EXPECT_EQ(size("1m"), "1048576");
  EXPECT_EQ(size("1M"), "1048576");
  EXPECT_EQ(size("2g"), "2147483648");
  EXPECT_EQ(size("2G"), "2147483648");
  EXPECT_EQ(size("9223372036854775807"), "9223372036854775807");
  for (const char* wrong :
       {"", "k", "-1", "+1", "1.5m", "1kb", "8 k", " 8", "8 ", "0x10", "1t", "9223372036854775808",
        "9007199254740992k", "18446744073709551616", "8589934592g"}) {
    EXPECT_EQ(size(wrong), "-") << wrong;
  }
}

TEST(Value, Time) {
  EXPECT_EQ(milliseconds("30"), "30000");
  EXPECT_EQ(milliseconds("0"), "0");
  EXPECT_EQ(milliseconds("500ms"), "500");
  EXPECT_EQ(milliseconds("30s"), "30000");
  EXPECT_EQ(milliseconds("2m"), "120000");
  EXPECT_EQ(milliseconds("1h"), "3600000");
  EXPECT_EQ(milliseconds("1d"), "86400000");
  EXPECT_EQ(milliseconds("1w"), "604800000");
  EXPECT_EQ(milliseconds("1M"), "2592000000");
  EXPECT_EQ(milliseconds("1y"), "31536000000");
  EXPECT_EQ(milliseconds("1h 30m"), "5400000");
  EXPECT_EQ(milliseconds("1h30m"), "5400000");
  EXPECT_EQ(milliseconds("1y2M3w4d5h6m7s8ms"), "38898367008");
  EXPECT_EQ(milliseconds("1m 30"), "90000");
  EXPECT_EQ(seconds("1h"), "3600");
  EXPECT_EQ(seconds("30"), "30");
  EXPECT_EQ(seconds("1d 12h"), "129600");
}

TEST(Value, TimeThatIsNone) {
  for (const char* wrong : {"",
                            " ",
                            "s",
                            "ms",
                            "-1",
                            "1x",
                            "1S",
                            "1.5s",
                            "30m 1h",
                            "1h1h",
                            "1s 1s",
                            "5 10",
                            "1 h",
                            "1hh",
                            "1s 5",
                            "10msx",
                            "9223372036854775808ms",
                            "9223372036854775807",
                            "300000000y",
                            "9223372036854775807ms1ms"}) {
    EXPECT_EQ(milliseconds(wrong), "-") << wrong;
  }
  EXPECT_EQ(seconds("500ms"), "-");
}

TEST(Value, Flag) {
  EXPECT_EQ(parse_flag("on"), true);
  EXPECT_EQ(parse_flag("OFF"), false);
  for (const char* wrong : {"", "yes", "1", "true", "onn", "o"}) {
    EXPECT_EQ(parse_flag(wrong), std::nullopt) << wrong;
  }
}

TEST(Value, Number) {
  EXPECT_EQ(parse_number("0"), 0u);
  EXPECT_EQ(parse_number("007"), 7u);
  EXPECT_EQ(parse_number("9223372036854775807"), 9223372036854775807u);
  for (const char* wrong : {"", "-1", "+1", "1k", "1 ", "9223372036854775808", "99999999999999999999"}) {
    EXPECT_EQ(parse_number(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(parse_signed("-5"), -5);
  EXPECT_EQ(parse_signed("5"), 5);
  EXPECT_EQ(parse_signed("-9223372036854775807"), -9223372036854775807);
  EXPECT_EQ(parse_signed("--5"), std::nullopt);
  EXPECT_EQ(parse_signed("-"), std::nullopt);
}

}  // namespace
}  // namespace sluice::conf
