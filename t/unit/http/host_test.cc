#include "http/host.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::http {
namespace {

TEST(ValidHost, Accepted) {
  for (const char* host : {"a",
                           "A",
                           "example.com",
                           "example.com.",
                           "example.com:80",
                           "example.com:",
                           "example.com:0",
                           "example.com:65535",
                           "a-b_c~d.e",
                           "127.0.0.1",
                           "127.0.0.1:8080",
                           "1.2.3",
                           "xn--4ca.com",
                           "*.a",
                           "a!$&()*+;=b",
                           "%C3%A9.com",
                           "%ff",
                           "[::1]",
                           "[::1]:80",
                           "[::1]:",
                           "[2001:db8::1]:443",
                           "[::ffff:1.2.3.4]",
                           "[0:0:0:0:0:0:0:1]"}) {
    EXPECT_TRUE(valid_host(host)) << host;
  }
}

TEST(ValidHost, Refused) {
  for (const char* host :
       {"",       ":80",       ".",           "..",         ".a",       "a..b",        "a..",
        "a b",    " a",        "a ",          "a\tb",       "a/b",      "a/",          "a?b",
        "a#b",    "u@a",       "u:p@a",       "a\\b",       "\"a\"",    "'a'",         "a,b",
        "a|b",    "a^b",       "a`b",         "{a}",        "<a>",      "http://a",    "a:80:80",
        "a:b",    "a:-1",      "a:+1",        "a: 1",       "a:1 ",     "a:65536",     "a:99999999999",
        "a:0x50", "a:8a",      "[",           "]",          "[]",       "[::1",        "::1",
        "::1]",   "[::1]]",    "[[::1]]",     "[::1]a",     "[::1]80",  "[::1]:80:80", "[::1]:x",
        "[::g]",  "[1.2.3.4]", "[a]",         "[::1%25e0]", "[v1.a]",   "a[::1]",      "[::1].a",
        "[:::1]", "[1:2]",     "[::1]:65536", "%",          "a%",       "a%4",         "a%41",
        "%61",    "a%2e",      "a%00",        "a%0d%0a",    "a%zz",     "a%8z",        "a%%41",
        "a\x01",  "a\x7f",     "\xc3\xa9",    "a\x80",      "[::1\x80]"}) {
    EXPECT_FALSE(valid_host(host)) << host;
  }
  EXPECT_FALSE(valid_host(std::string_view("a\0b", 3)));
  EXPECT_FALSE(valid_host(std::string_view("[::1\0]", 6)));
  EXPECT_FALSE(valid_host("[" + std::string(100, ':') + "]"));
}

TEST(ValidHost, EveryByte) {
  for (int c = 0; c < 256; ++c) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    bool expected = letter || (c != 0 && std::string_view("-._~!$&()*+;=").find(static_cast<char>(c)) !=
                                             std::string_view::npos);
    EXPECT_EQ(valid_host(std::string("a") + static_cast<char>(c) + "b"), expected) << c;
  }
}

TEST(SplitHostPort, Parts) {
  struct Case {
    const char* text;
    const char* host;
    const char* port;
  };
  const Case kCases[] = {{"a", "a", ""},         {"a:80", "a", "80"},         {"a:", "a", ""},
                         {"[::1]", "[::1]", ""}, {"[::1]:80", "[::1]", "80"}, {"", "", ""},
                         {"[::1]:", "[::1]", ""}};
  for (const Case& c : kCases) {
    HostPort parts = split_host_port(c.text);
    EXPECT_EQ(parts.host, c.host);
    EXPECT_EQ(parts.port, c.port);
  }
}

}  // namespace
}  // namespace sluice::http
