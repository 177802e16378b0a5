#include "http/vars/lookup.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

constexpr string_view kNone = "(none)";

string_view shown(Found found) { return found.value_or(kNone); }

TEST(FindArgument, TakesTheFirstOfItsName) {
  EXPECT_EQ(shown(find_argument("a=1&b=2&a=3", "a")), "1");
  EXPECT_EQ(shown(find_argument("a=1&b=2&a=3", "b")), "2");
  EXPECT_EQ(shown(find_argument("A=1", "a")), "1");
  EXPECT_EQ(shown(find_argument("ab=1&a=2", "a")), "2");
  EXPECT_EQ(shown(find_argument("a=b=c", "a")), "b=c");
  EXPECT_EQ(shown(find_argument("a=%20", "a")), "%20");
}

TEST(FindArgument, NeedsAnEqualsSign) {
  EXPECT_EQ(shown(find_argument("a=", "a")), "");
  EXPECT_EQ(shown(find_argument("a", "a")), kNone);
  EXPECT_EQ(shown(find_argument("a&a=1", "a")), "1");
  EXPECT_EQ(shown(find_argument("", "a")), kNone);
  EXPECT_EQ(shown(find_argument("&&", "a")), kNone);
}

TEST(FindCookie, TakesTheFirstOfItsName) {
  EXPECT_EQ(shown(find_cookie("a=1; b=2", "a")), "1");
  EXPECT_EQ(shown(find_cookie("a=1; b=2", "b")), "2");
  EXPECT_EQ(shown(find_cookie("a=1;b=2", "b")), "2");
  EXPECT_EQ(shown(find_cookie("ab=1; a=2", "a")), "2");
  EXPECT_EQ(shown(find_cookie("A = 1", "a")), "1");
  EXPECT_EQ(shown(find_cookie("a=b=c", "a")), "b=c");
  EXPECT_EQ(shown(find_cookie("$Version=1, a=2", "a")), "2");
  EXPECT_EQ(shown(find_cookie("a=x,y; b=1", "a")), "x,y");
  EXPECT_EQ(shown(find_cookie("a=; b=1", "a")), "");
}

TEST(FindCookie, IsNotFooledByWhatIsNoCookie) {
  for (string_view line : {"", ";", "; ;", "a", "a;", "b=a=1", "  ", "a ", ",", "aa=1", "x a=1"}) {
    EXPECT_EQ(shown(find_cookie(line, "a")), kNone) << line;
  }
}

TEST(FindSetCookie, LooksAtTheNameOnly) {
  EXPECT_EQ(shown(find_set_cookie("id=7; Path=/", "id")), "7");
  EXPECT_EQ(shown(find_set_cookie("id=7; Path=/", "path")), kNone);
  EXPECT_EQ(shown(find_set_cookie("id=", "id")), "");
}

TEST(IsField, KnowsDashesAndCase) {
  EXPECT_TRUE(is_field("User-Agent", "user_agent"));
  EXPECT_TRUE(is_field("x_y", "x_y"));
  EXPECT_FALSE(is_field("User-Agent", "user_agents"));
  EXPECT_FALSE(is_field("User.Agent", "user_agent"));
}

TEST(FindField, JoinsLines) {
  Arena arena;
  Fields fields(arena);
  fields.add("X-A", "1");
  fields.add("X-B", "2");
  fields.add("x-a", "3");
  fields.add("X-Empty", "");
  fields.add("Cookie", "a=1");
  fields.add("Cookie", "b=2");
  EXPECT_EQ(shown(find_field(fields, "x_a", ", ")), "1, 3");
  EXPECT_EQ(shown(find_field(fields, "x_b", ", ")), "2");
  EXPECT_EQ(shown(find_field(fields, "x_empty", ", ")), "");
  EXPECT_EQ(shown(find_field(fields, "x_c", ", ")), kNone);
  EXPECT_EQ(shown(find_field(fields, FieldId::cookie, "; ")), "a=1; b=2");
  EXPECT_EQ(shown(find_field(fields, FieldId::host, ", ")), kNone);
}

TEST(FindField, CopiesNothingForOneLine) {
  Arena arena;
  Fields fields(arena);
  string_view value = "value";
  fields.add("X-A", value);
  EXPECT_EQ(find_field(fields, "x_a", ", ")->data(), value.data());
}

TEST(BasicUser, ReadsCredentials) {
  Arena arena;
  EXPECT_EQ(shown(basic_user(arena, "Basic YWxpY2U6c2VjcmV0")), "alice");
  EXPECT_EQ(shown(basic_user(arena, "basic  YWxpY2U6c2VjcmV0")), "alice");
  EXPECT_EQ(shown(basic_user(arena, "Basic Og==")), "");
  EXPECT_EQ(shown(basic_user(arena, "Basic YWxpY2U=")), kNone);  // no colon
  EXPECT_EQ(shown(basic_user(arena, "Bearer YWxpY2U6c2VjcmV0")), kNone);
  EXPECT_EQ(shown(basic_user(arena, "Basic !!!!")), kNone);
  EXPECT_EQ(shown(basic_user(arena, "Basic")), kNone);
  EXPECT_EQ(shown(basic_user(arena, "")), kNone);
}

}  // namespace
}  // namespace sluice::http
