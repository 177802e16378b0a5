#include "conf/lint/pattern.h"

#include <gtest/gtest.h>

namespace sluice::conf::pattern {
namespace {

TEST(Pattern, SeesNestedRepetition) {
  for (const char* bad :
       {"(a+)+", "(a*)*b", "(?:a+)+$", "(?<n>a+)+", "((a+))+", "(\\w+\\s?)+$", "(a|b+)*", "([^/]+)*x",
        "(a+){2,}", "x(a*b*)*", "(?P<n>a+)*", "(?'n'a+)*", "([]a]+)+", "([^]a]+)+", "a)(b+)+"}) {
    EXPECT_TRUE(backtracks(bad)) << bad;
  }
  for (const char* good : {"(a+)",
                           "(a+)?",
                           "(a+){2}",
                           "(/[^/]+)*",
                           "(?:[a-z]+/)*$",
                           "([a-z0-9]+(-[a-z0-9]+)*\\.)+",
                           "(?>a+)+",
                           "(a++)+",
                           "[(a+)+]",
                           "\\(a+\\)+",
                           "(foo|bar)*",
                           "a+b+",
                           "",
                           "(",
                           "[",
                           "\\",
                           "(?",
                           "(?<",
                           "{1,}",
                           "(a{x})*",
                           "(ab?)*"}) {
    EXPECT_FALSE(backtracks(good)) << good;
  }
}

TEST(Pattern, KnowsWhatMatchesEverything) {
  for (const char* all : {"", "^", "/", "^/", ".*", "^(.*)$", "^/(.*)$", "(.+)"}) {
    EXPECT_TRUE(matches_everything(all)) << all;
  }
  for (const char* some : {"^/$", "^/a", "\\.", "^/(.*)/$", "$"}) {
    EXPECT_FALSE(matches_everything(some)) << some;
  }
}

TEST(Pattern, ReadsTheLiteralStart) {
  EXPECT_EQ(literal_start("^/images/.*\\.png$"), "/images/");
  EXPECT_EQ(literal_start("^/a\\.b"), "/a.b");
  EXPECT_EQ(literal_start("^/ab?c"), "/a");
  EXPECT_EQ(literal_start("^/ab*c"), "/a");
  EXPECT_EQ(literal_start("^/ab+c"), "/ab");
  EXPECT_EQ(literal_start("^/a\\d"), "/a");
  EXPECT_EQ(literal_start("^/a|/b"), "");
  EXPECT_EQ(literal_start("/a"), "");
}

TEST(Pattern, SeesDotsThatAreNotEscaped) {
  EXPECT_EQ(loose_dot(".php$"), "php");
  EXPECT_EQ(loose_dot("^.+.(gif|png)$"), "gif");
  EXPECT_EQ(loose_dot("favicon.ico"), "ico");
  for (const char* good :
       {"\\.php$", "^/api/.+$", "[.]php$", ".*", "^/a.b.c/", "\\\\\\.php$", ".phpx$", ".(", "."}) {
    EXPECT_EQ(loose_dot(good), "") << good;
  }
  EXPECT_EQ(loose_dot("\\\\.php$"), "php");
}

TEST(Pattern, SeesOpenEnds) {
  for (const char* open : {"\\.php", "\\.(jpg|png)", "^/x/.*\\.html"}) {
    EXPECT_TRUE(open_end(open)) << open;
  }
  for (const char* closed : {"\\.php$", "\\.php(/|$)", "\\.well-known", "\\.", "", "php"}) {
    EXPECT_FALSE(open_end(closed)) << closed;
  }
}

}  // namespace
}  // namespace sluice::conf::pattern
