#include "http/rewrite_fields.h"

#include <gtest/gtest.h>

#include <functional>

namespace sluice::http {
namespace {

TEST(ProxyRedirect, prefix) {
  Arena arena;
  EXPECT_EQ(replace_prefix(arena, "http://localhost:8000/two/some/uri/", "http://localhost:8000/two/",
                           "http://frontend/one/"),
            "http://frontend/one/some/uri/");
  EXPECT_EQ(replace_prefix(arena, "http://other/two/", "http://localhost/", "/"), std::nullopt);
  EXPECT_EQ(replace_prefix(arena, "/x", "", "http://frontend"), "http://frontend/x");
  EXPECT_EQ(replace_prefix(arena, "/a", "/a", "/b\r\nSet-Cookie: x"), "/b%0D%0ASet-Cookie: x");
}

TEST(ProxyRedirect, refresh) {
  EXPECT_EQ(refresh_url("5; url=/x"), 7u);
  EXPECT_EQ(refresh_url("5;URL=/x"), 6u);
  EXPECT_EQ(refresh_url("5"), std::nullopt);
  EXPECT_EQ(refresh_url("5; "), std::nullopt);
}

std::string edit(string_view value, const std::function<void(SetCookie&, Arena&)>& change) {
  Arena arena;
  SetCookie cookie(value);
  change(cookie, arena);
  return std::string(cookie.text(arena));
}

TEST(SetCookie, taken_apart) {
  SetCookie cookie("id=a=b; Path=/x; domain = Example.com ;Secure;;max-age=1");
  EXPECT_EQ(cookie.name(), "id");
  EXPECT_EQ(cookie.path(), "/x");
  EXPECT_EQ(cookie.domain(), "Example.com");
  EXPECT_FALSE(cookie.changed());
  SetCookie bare("id");
  EXPECT_EQ(bare.name(), "id");
  EXPECT_EQ(bare.path(), std::nullopt);
  EXPECT_EQ(SetCookie("").name(), "");
}

TEST(SetCookie, unchanged_is_the_same_bytes) {
  string_view value = "id=1 ;  Path=/ ;odd";
  EXPECT_EQ(edit(value,
                 [](SetCookie& cookie, Arena& arena) {
                   EXPECT_FALSE(cookie.replace_domain("localhost", "example.org"));
                   EXPECT_FALSE(cookie.replace_path(arena, "/two/", "/"));
                   cookie.set_domain("x");
                   cookie.apply({});
                 }),
            value);
}

TEST(SetCookie, domain) {
  auto change = [](SetCookie& cookie, Arena&) {
    EXPECT_TRUE(cookie.replace_domain(".localhost", "example.org"));
  };
  EXPECT_EQ(edit("id=1; domain=LocalHost; path=/", change), "id=1; Domain=example.org; path=/");
  EXPECT_EQ(edit("id=1; Domain=.localhost", change), "id=1; Domain=example.org");
}

TEST(SetCookie, path) {
  auto change = [](SetCookie& cookie, Arena& arena) {
    EXPECT_TRUE(cookie.replace_path(arena, "/two/", "/"));
  };
  EXPECT_EQ(edit("id=1; path=/two/some/uri/; Max-Age=3", change), "id=1; Path=/some/uri/; Max-Age=3");
  EXPECT_EQ(
      edit("id=1; Path=/two/; path=/other",
           [](SetCookie& cookie, Arena& arena) { EXPECT_FALSE(cookie.replace_path(arena, "/two/", "/")); }),
      "id=1; Path=/two/; path=/other");
}

SetCookie::Flags flags(std::initializer_list<string_view> words) {
  SetCookie::Flags made;
  for (string_view word : words) { EXPECT_TRUE(SetCookie::parse_flag(word, made)) << word; }
  return made;
}

TEST(SetCookie, flags) {
  auto with = [](string_view value, std::initializer_list<string_view> words) {
    return edit(value, [&](SetCookie& cookie, Arena&) { cookie.apply(flags(words)); });
  };
  EXPECT_EQ(with("id=1", {"secure", "httponly", "samesite=strict"}),
            "id=1; Secure; HttpOnly; SameSite=Strict");
  EXPECT_EQ(with("id=1; secure; HttpOnly; samesite=lax; Path=/", {"nosecure", "nohttponly", "nosamesite"}),
            "id=1; Path=/");
  EXPECT_EQ(with("id=1; samesite=lax; Path=/", {"SameSite=None"}), "id=1; SameSite=None; Path=/");
  EXPECT_EQ(with("id=1;secure", {"secure", "nohttponly"}), "id=1;secure");
  SetCookie::Flags made;
  EXPECT_FALSE(SetCookie::parse_flag("samesite=maybe", made));
  EXPECT_FALSE(SetCookie::parse_flag("no", made));
}

TEST(SetCookie, no_line_ends_come_out) {
  EXPECT_EQ(edit("id=1; path=/", [](SetCookie& cookie, Arena&) { cookie.set_path("/\r\nX: y"); }),
            "id=1; Path=/%0D%0AX: y");
}

}  // namespace
}  // namespace sluice::http
