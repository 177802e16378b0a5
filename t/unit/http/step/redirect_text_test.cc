#include "http/step/redirect_text.h"

#include <gtest/gtest.h>

namespace sluice::http {

namespace {

std::string unescaped(std::string_view text) {
  Arena arena;
  return std::string(unescape_redirect(arena, text));
}

TEST(RedirectText, TakesBackWhatNeedsNoEscape) {
  EXPECT_EQ(unescaped("http://x/a%26b%3Bc%2Bd"), "http://x/a&b;c+d");
  EXPECT_EQ(unescaped("/%7e%41"), "/~A");
}

TEST(RedirectText, KeepsWhatMustStayEscaped) {
  EXPECT_EQ(unescaped("/%20%25%23%22%00%1f%7f%80%ff"), "/%20%25%23%22%00%1f%7f%80%ff");
}

TEST(RedirectText, StopsAtTheFirstQuestionMark) {
  EXPECT_EQ(unescaped("/%41?%41"), "/A?%41");
  EXPECT_EQ(unescaped("/%41%3F%41"), "/A?%41");
  EXPECT_EQ(unescaped("/?%41"), "/?%41");
}

TEST(RedirectText, LeavesBrokenEscapes) {
  EXPECT_EQ(unescaped("/%"), "/%");
  EXPECT_EQ(unescaped("/%4"), "/%4");
  EXPECT_EQ(unescaped("/%4g%zz%41"), "/%4g%zzA");
  EXPECT_EQ(unescaped(""), "");
}

}  // namespace

}  // namespace sluice::http
