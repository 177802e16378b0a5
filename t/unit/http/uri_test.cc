#include "http/uri.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice::http {
namespace {

struct Normal {
  bool ok = false;
  std::string path, query, received;
  bool has_query = false, complex = false;
};

Normal normal(string_view raw, bool merge = true) {
  Arena arena;
  NormalPath out;
  if (!normalise(arena, raw, merge, out)) { return {}; }
  return {true,       std::string(out.path), std::string(out.query), std::string(out.received), out.has_query,
          out.complex};
}

std::string path(string_view raw, bool merge = true) {
  Normal result = normal(raw, merge);
  return result.ok ? result.path : "400";
}

TEST(Normalise, plain_path_is_a_view) {
  Arena arena;
  NormalPath out;
  string_view raw = "/a/b.html?x=%41#y";
  ASSERT_TRUE(normalise(arena, raw, true, out));
  EXPECT_EQ(out.path, "/a/b.html");
  EXPECT_EQ(out.path.data(), raw.data());
  EXPECT_EQ(out.query, "x=%41");
  EXPECT_TRUE(out.has_query);
  EXPECT_FALSE(out.complex);
  EXPECT_EQ(arena.footprint(), 0u);
}

TEST(Normalise, hidden_files_are_plain) {
  EXPECT_FALSE(normal("/.well-known/acme").complex);
  EXPECT_FALSE(normal("/...").complex);
  EXPECT_EQ(path("/..."), "/...");
  EXPECT_EQ(path("/a/..b"), "/a/..b");
}

TEST(Normalise, decodes_once) {
  EXPECT_EQ(path("/%41%2e%2E/b"), "/A../b");
  EXPECT_EQ(path("/%2541"), "/%41");
  EXPECT_EQ(path("/a%3fb%23c"), "/a?b#c");
  EXPECT_EQ(path("/a+b"), "/a+b");
  EXPECT_EQ(path("/%ff%0a"), "/\xff\n");
}

TEST(Normalise, dot_segments) {
  EXPECT_EQ(path("/a/./b"), "/a/b");
  EXPECT_EQ(path("/a/../b"), "/b");
  EXPECT_EQ(path("/a/.."), "/");
  EXPECT_EQ(path("/a/."), "/a/");
  EXPECT_EQ(path("/a/b/..?x"), "/a/");
  EXPECT_EQ(path("/a/%2e%2e/b"), "/b");
  EXPECT_EQ(path("/a%2f..%2fb"), "/b");
  EXPECT_EQ(path("/a/.%2e"), "/");
  EXPECT_EQ(path("/."), "/");
  EXPECT_EQ(path("/a/.#x"), "/a/");
}

TEST(Normalise, says_when_dots_went) {
  auto had_dots = [](string_view raw) {
    Arena arena;
    NormalPath out;
    EXPECT_TRUE(normalise(arena, raw, true, out)) << raw;
    return out.had_dots;
  };
  for (string_view raw : {"/denied/..%2fopen", "/a/.", "/a/%2e/b", "/a/../b"}) {
    EXPECT_TRUE(had_dots(raw)) << raw;
  }
  for (string_view raw : {"/group%2fproject", "//a", "/.a", "/a/b", "/%2e%2e%2e"}) {
    EXPECT_FALSE(had_dots(raw)) << raw;
  }
}

TEST(Normalise, above_the_root_is_refused) {
  for (string_view raw : {"/..", "/../a", "/a/../../b", "/%2e%2e/", "/..%2f", "/./..", "//..", "/a/..//.."}) {
    EXPECT_FALSE(normal(raw).ok) << raw;
  }
  EXPECT_EQ(path("//../a", false), "/a");  // the empty segment is a segment when slashes are kept
}

TEST(Normalise, slashes) {
  EXPECT_EQ(path("//a///b/"), "/a/b/");
  EXPECT_EQ(path("//a///b/", false), "//a///b/");
  EXPECT_FALSE(normal("//a", false).complex);
  EXPECT_EQ(path("/a%2f/b"), "/a/b");
  EXPECT_EQ(path("/a//../b", false), "/a/b");
  EXPECT_EQ(path("/a//../b"), "/b");
}

TEST(Normalise, what_is_refused) {
  using namespace std::string_view_literals;
  for (string_view raw : {"/%"sv, "/%4"sv, "/%4g"sv, "/%g4"sv, "/%00"sv, "/a%0"sv, "/%%41"sv, "a"sv, "*"sv,
                          "/a b"sv, "/\r"sv, "/\0"sv, "/?a b"sv, "/?\n"sv, "/a\x7f"sv, "%2fa"sv}) {
    EXPECT_FALSE(normal(raw).ok) << raw;
  }
}

TEST(Normalise, query_and_fragment) {
  EXPECT_EQ(normal("/a?b?c#d").query, "b?c");
  EXPECT_TRUE(normal("/a?").has_query);
  EXPECT_FALSE(normal("/a").has_query);
  EXPECT_FALSE(normal("/a#b?c").has_query);
  EXPECT_EQ(path("/a#/../.."), "/a");
  EXPECT_EQ(normal("/?%zz").query, "%zz");  // a query is never decoded
  EXPECT_EQ(path("?a"), "/");
  EXPECT_EQ(normal("?a").query, "a");
  EXPECT_EQ(normal("?a").received, "/?a");
  EXPECT_EQ(normal("").received, "/");
  EXPECT_EQ(normal("/%41/../b?c#d").received, "/%41/../b?c");
  EXPECT_EQ(normal("/b#c?d").received, "/b");
}

std::string random_path(std::mt19937& random) {
  static const char* kPieces[] = {"/",   ".", "..",  "%2e", "%2F", "%25", "%2541", "a",   "b",   "//",
                                  "/./", "?", "%3f", "#",   "%23", "%0a", "%20",   "/..", "%41", "\xc3\xa9"};
  std::string raw = "/";
  for (size_t n = random() % 12; n > 0; --n) { raw += kPieces[random() % std::size(kPieces)]; }
  return raw;
}

bool has_dot_segment(const std::string& path) {
  std::string closed = path + "/";
  return closed.find("/../") != std::string::npos || closed.find("/./") != std::string::npos;
}

TEST(Normalise, is_idempotent_through_escaping) {
  std::mt19937 random(7);
  for (int i = 0; i < 200000; ++i) {
    std::string raw = random_path(random);
    bool merge = (i & 1) != 0;
    Normal once = normal(raw, merge);
    if (!once.ok) { continue; }
    ASSERT_EQ(once.path[0], '/') << raw;
    ASSERT_FALSE(has_dot_segment(once.path)) << raw;
    ASSERT_EQ(once.path.find('\0'), std::string::npos) << raw;
    ASSERT_TRUE(!merge || once.path.find("//") == std::string::npos) << raw;
    Arena arena;
    string_view sent = escape_uri(arena, once.path);
    ASSERT_FALSE(needs_escape(sent, Escape::target)) << raw;
    Normal twice = normal(sent, merge);
    ASSERT_TRUE(twice.ok) << raw;
    ASSERT_EQ(twice.path, once.path) << raw;
    ASSERT_FALSE(twice.has_query) << raw;
  }
}

TEST(EscapeText, each_kind) {
  Arena arena;
  EXPECT_EQ(escape_uri(arena, "/a b%?#\x7f\xc3\n\"<>\\^`{|}"),
            "/a%20b%25%3F%23%7F%C3%0A%22%3C%3E%5C%5E%60%7B%7C%7D");
  EXPECT_EQ(escape_uri(arena, "/a:@!$&'()*+,;=-._~"), "/a:@!$&'()*+,;=-._~");
  EXPECT_EQ(escape_args(arena, "a&b+c;d=e/"), "a%26b%2Bc%3Bd=e/");
  EXPECT_EQ(escape(arena, "a/b~", Escape::component), "a%2Fb~");
  EXPECT_EQ(escape(arena, "/%41 \r", Escape::target), "/%41%20%0D");
  EXPECT_EQ(escape(arena, "a b\r\nc", Escape::value), "a b%0D%0Ac");
  string_view plain = "/plain";
  EXPECT_EQ(escape_uri(arena, plain).data(), plain.data());
  std::string out = "x=";
  append_escaped(out, "a b", Escape::args);
  EXPECT_EQ(out, "x=a%20b");
}

TEST(EscapeText, nothing_lets_line_ends_through) {
  Arena arena;
  std::string all;
  for (int c = 0; c < 256; ++c) { all += static_cast<char>(c); }
  for (Escape where : {Escape::uri, Escape::args, Escape::component, Escape::target, Escape::value}) {
    string_view out = escape(arena, all, where);
    EXPECT_EQ(out.find_first_of(string_view("\r\n\0", 3)), string_view::npos);
    if (where != Escape::target && where != Escape::value) { EXPECT_EQ(unescape(arena, out), all); }
  }
}

TEST(EscapeText, html) {
  Arena arena;
  EXPECT_EQ(escape_html(arena, "<a href=\"x&y\">"), "&lt;a href=&quot;x&amp;y&quot;&gt;");
  string_view plain = "it's";
  EXPECT_EQ(escape_html(arena, plain).data(), plain.data());
}

TEST(Unescape, leaves_what_is_no_escape) {
  Arena arena;
  EXPECT_EQ(unescape(arena, "%41%4%zz%4a+"), "A%4%zzJ+");
  EXPECT_EQ(unescape(arena, "%"), "%");
  EXPECT_EQ(unescape_form(arena, "a+b%2B"), "a b+");
}

}  // namespace
}  // namespace sluice::http
