#include "http/log_escape.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

std::string escaped(std::string_view text, LogEscape how) {
  std::string out = "<";
  append_log_escaped(out, text, how);
  return out + ">";
}

TEST(LogEscape, text) {
  EXPECT_EQ(escaped("", LogEscape::text), "<>");
  EXPECT_EQ(escaped("GET /a b", LogEscape::text), "<GET /a b>");
  EXPECT_EQ(escaped("\"a\\\n\x7f\xff~", LogEscape::text), "<\\x22a\\x5C\\x0A\\x7F\\xFF~>");
  EXPECT_EQ(escaped(std::string_view("\0", 1), LogEscape::text), "<\\x00>");
}

TEST(LogEscape, json) {
  EXPECT_EQ(escaped("\"\\\n\r\t\b\f\x01\x1f", LogEscape::json), "<\\\"\\\\\\n\\r\\t\\b\\f\\u0001\\u001F>");
  EXPECT_EQ(escaped("\xc3\xa9\x7f", LogEscape::json), "<\xc3\xa9\x7f>");
}

TEST(LogEscape, none) { EXPECT_EQ(escaped("\"\n", LogEscape::none), "<\"\n>"); }

TEST(LogEscape, no_escaped_line_ever_ends_early) {
  std::string all;
  for (int c = 0; c < 256; ++c) { all += static_cast<char>(c); }
  for (LogEscape how : {LogEscape::text, LogEscape::json}) {
    std::string out = escaped(all, how);
    EXPECT_EQ(out.find('\n'), std::string::npos);
    EXPECT_EQ(out.find('\r'), std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::http
