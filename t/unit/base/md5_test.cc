#include "base/md5.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {

namespace {

std::string hex(std::string_view text) {
  std::string out;
  for (uint8_t byte : md5(text)) {
    char two[3];
    snprintf(two, sizeof two, "%02x", byte);
    out += two;
  }
  return out;
}

TEST(Md5, GivesWhatTheRfcSays) {  // RFC 1321 A.5
  EXPECT_EQ(hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex("a"), "0cc175b9c0f1b6a831c399e269772661");
  EXPECT_EQ(hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(hex("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
            "57edf4a22be3c955ac49da2e2107b67a");
}

TEST(Md5, PadsAtEveryLength) {
  // Of all texts of so many letters "x", one after the other.
  std::string all;
  for (size_t size = 0; size <= 200; ++size) { all += hex(std::string(size, 'x')); }
  EXPECT_EQ(hex(all), "1f0d9d949b2c16e511c7083a082d1828");
}

}  // namespace

}  // namespace sluice
