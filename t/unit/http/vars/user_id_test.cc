#include "http/vars/user_id.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <string>

namespace sluice::http {
namespace {

std::string base64(const UserId& id, char mark = '=') {
  char text[UserId::kBase64];
  id.write_base64(text, mark);
  return {text, sizeof text};
}

std::string digits(const UserId& id) {
  char text[UserId::kDigits];
  id.write_digits(text);
  return {text, sizeof text};
}

std::string date(time_t seconds) {
  char text[64];
  return {text, write_cookie_date(text, seconds)};
}

// As nginx answered and logged them.
TEST(UserId, cookie_and_digits) {
  auto id = UserId::parse("fwAAAWsAqkxzaiz1AwMDAg==");
  ASSERT_TRUE(id);
  EXPECT_EQ(digits(*id), "0100007F4CAA006BF52C6A7302030303");
  EXPECT_EQ(base64(*id), "fwAAAWsAqkxzaiz1AwMDAg==");
  EXPECT_EQ(base64(*id, 'Z'), "fwAAAWsAqkxzaiz1AwMDAgZ=");
  EXPECT_EQ(UserId::parse("fwAAAWsAqkxzaiz1AwMDAgZ="), id);
  EXPECT_EQ(UserId::parse("fwAAAWsAqkxzaiz1AwMDAg"), id);
  EXPECT_EQ(UserId::parse("fwAAAWsAqkxzaiz1AwMDAgxx and more"), id);
}

TEST(UserId, what_is_none) {
  EXPECT_FALSE(UserId::parse(""));
  EXPECT_FALSE(UserId::parse("fwAAAWsAqkxzaiz1AwMDA"));
  EXPECT_FALSE(UserId::parse("fwAAAWsAqk.zaiz1AwMDAg=="));
  EXPECT_FALSE(UserId::parse("fwAAAWsAqkxzaiz1AwMD=="));
}

TEST(UserId, made) {
  UserIdMaker maker(0x2cf5, 0x736a * 20);
  uint32_t now = 0x6b00aa4c;
  uint32_t here = htonl(0x7f000001);
  EXPECT_EQ(digits(maker.version_2(here, now)), "0100007F4CAA006BF52C6A7302030303");
  EXPECT_EQ(digits(maker.version_2(here, now)), "0100007F4CAA006BF52C6A7302040303");
  EXPECT_EQ(digits(maker.version_1(7, now)), "000000076B00AA4C736A2CF500000001");
  EXPECT_EQ(digits(maker.version_1(7, now)), "000000076B00AA4C736A2CF500000101");
}

TEST(UserId, dates) {
  EXPECT_EQ(date(784111777), "Sun, 06-Nov-94 08:49:37 GMT");
  EXPECT_EQ(date(2145916555), "Thu, 31-Dec-37 23:55:55 GMT");
  EXPECT_EQ(date(2145920400), "Fri, 01-Jan-2038 01:00:00 GMT");
}

}  // namespace
}  // namespace sluice::http
