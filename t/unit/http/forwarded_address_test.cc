#include "http/forwarded_address.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

using net::IpNumber;

bool finds(const char* from, const char* list, bool recursive, const char* expected) {
  std::vector<net::Network> trusted{*net::Network::parse("127.0.0.0/8"), *net::Network::parse("::1")};
  return forwarded_address(*IpNumber::parse(from), list, trusted, recursive) == *IpNumber::parse(expected);
}

TEST(ForwardedAddress, only_the_trusted_are_believed) {
  EXPECT_TRUE(finds("127.0.0.1", "10.0.0.1", false, "10.0.0.1"));
  EXPECT_TRUE(finds("::1", "10.0.0.1", false, "10.0.0.1"));
  EXPECT_TRUE(finds("10.9.9.9", "10.0.0.1", false, "10.9.9.9"));
  EXPECT_TRUE(finds("10.9.9.9", "10.0.0.1", true, "10.9.9.9"));
}

TEST(ForwardedAddress, the_last) {
  EXPECT_TRUE(finds("127.0.0.1", "10.0.0.1, 10.0.0.2", false, "10.0.0.2"));
  EXPECT_TRUE(finds("127.0.0.1", "10.0.0.1,10.0.0.2 ,", false, "10.0.0.2"));
  EXPECT_TRUE(finds("127.0.0.1", "10.0.0.1, 127.0.0.2", false, "127.0.0.2"));
  EXPECT_TRUE(finds("127.0.0.1", "[2001:db8::1]:99", false, "2001:db8::1"));
}

TEST(ForwardedAddress, the_last_untrusted) {
  EXPECT_TRUE(finds("127.0.0.1", "10.0.0.1, 127.0.0.2, ::1", true, "10.0.0.1"));
  EXPECT_TRUE(finds("127.0.0.1", "10.0.0.1, 10.0.0.2, 127.0.0.2", true, "10.0.0.2"));
  EXPECT_TRUE(finds("127.0.0.1", "127.0.0.3, 127.0.0.2", true, "127.0.0.3"));
}

TEST(ForwardedAddress, junk_ends_it) {
  EXPECT_TRUE(finds("127.0.0.1", "", true, "127.0.0.1"));
  EXPECT_TRUE(finds("127.0.0.1", " , ", true, "127.0.0.1"));
  EXPECT_TRUE(finds("127.0.0.1", "10.0.0.1, junk", false, "127.0.0.1"));
  EXPECT_TRUE(finds("127.0.0.1", "junk, 127.0.0.2", true, "127.0.0.2"));
}

}  // namespace
}  // namespace sluice::http
