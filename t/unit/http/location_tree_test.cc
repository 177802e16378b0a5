#include "http/location_tree.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>

namespace sluice::http {
namespace {

struct Place {
  std::string name;
};
using Tree = LocationTree<Place>;

std::unique_ptr<conf::Regex> regex(std::string_view pattern) {
  std::string error;
  auto made = conf::Regex::compile(pattern, false, error);
  EXPECT_NE(made, nullptr) << error;
  return made;
}

std::string find(const Tree& tree, std::string_view path) {
  std::vector<std::string_view> captures;
  auto found = tree.find(path, captures);
  if (found.location == nullptr) { return "none"; }
  return found.location->name + (found.exact ? "!" : "") + (found.add_slash ? " redirect" : "");
}

TEST(LocationTree, the_example_of_the_documentation) {
  Place a{"A"}, b{"B"}, c{"C"}, d{"D"}, e{"E"};
  auto images = regex("\\.(gif|jpg|jpeg)$");
  Tree tree;
  tree.add_exact("/", &a);
  tree.add_prefix("/", &b);
  tree.add_prefix("/documents/", &c);
  tree.add_prefix("/images/", &d, {.no_regex = true});
  tree.add_regex(images.get(), &e);
  EXPECT_TRUE(tree.build().empty());
  EXPECT_EQ(find(tree, "/"), "A!");
  EXPECT_EQ(find(tree, "/index.html"), "B");
  EXPECT_EQ(find(tree, "/documents/document.html"), "C");
  EXPECT_EQ(find(tree, "/images/1.gif"), "D");
  EXPECT_EQ(find(tree, "/documents/1.jpg"), "E");
}

TEST(LocationTree, empty_tree_and_empty_path) {
  Tree tree;
  tree.build();
  EXPECT_EQ(find(tree, "/"), "none");
  Place a{"A"};
  Tree one;
  one.add_prefix("/a", &a);
  one.build();
  EXPECT_EQ(find(one, ""), "none");
  EXPECT_EQ(find(one, "/"), "none");
  EXPECT_EQ(find(one, "/a"), "A");
  EXPECT_EQ(find(one, "/abc"), "A");
}

TEST(LocationTree, slash_is_added_for_proxied_prefixes) {
  Place user{"user"}, plain{"plain"}, exact{"exact"}, other{"other"}, under{"under"};
  auto any = regex("^/user$");
  Tree tree;
  tree.add_prefix("/user/", &user, {.slash_redirect = true});
  tree.add_prefix("/plain/", &plain);
  tree.add_prefix("/both/", &user, {.slash_redirect = true});
  tree.add_exact("/both", &exact);
  tree.add_prefix("/q/", &user, {.slash_redirect = true});
  tree.add_prefix("/q", &other);
  tree.add_prefix("/n/", &user, {.slash_redirect = true});
  tree.add_prefix("/nn/", &under);
  tree.add_regex(any.get(), &other);
  tree.build();
  EXPECT_EQ(find(tree, "/user"), "user redirect");  // even though a regex would match
  EXPECT_EQ(find(tree, "/user/"), "user");
  EXPECT_EQ(find(tree, "/use"), "none");
  EXPECT_EQ(find(tree, "/plain"), "none");
  EXPECT_EQ(find(tree, "/both"), "exact!");
  EXPECT_EQ(find(tree, "/q"), "other");
  EXPECT_EQ(find(tree, "/n"), "user redirect");  // the '/' is a node of its own here
}

TEST(LocationTree, nested_regexes_come_before_those_beside) {
  Place outer{"outer"}, inner{"inner"}, inner_regex{"inner regex"}, beside{"beside"}, php{"php"};
  auto inside = regex("\\.png$");
  auto outside = regex("\\.(png|gif)$");
  Tree nested;
  nested.add_prefix("/a/b/", &inner);
  nested.add_regex(inside.get(), &inner_regex);
  nested.build();
  Tree tree;
  tree.add_prefix("/a/", &outer, {.nested = &nested});
  tree.add_prefix("/only/", &php, {.no_regex = true});
  tree.add_regex(outside.get(), &beside);
  tree.build();
  EXPECT_EQ(find(tree, "/a/x"), "outer");
  EXPECT_EQ(find(tree, "/a/b/x"), "inner");
  EXPECT_EQ(find(tree, "/a/b/x.png"), "inner regex");
  EXPECT_EQ(find(tree, "/a/b/x.gif"), "beside");
  EXPECT_EQ(find(tree, "/x.png"), "beside");
  EXPECT_EQ(find(tree, "/only/x.png"), "php");
}

TEST(LocationTree, inside_a_regex_the_outer_captures_stay) {
  Place outer{"outer"}, inner{"inner"}, never{"never"};
  auto user = regex("^/u/([a-z]+)");
  auto no = regex("(zzz)");
  Tree nested;
  nested.add_prefix("/u/bob", &inner);
  nested.add_regex(no.get(), &never);
  nested.build();
  Tree tree;
  tree.add_regex(user.get(), &outer, &nested);
  tree.build();
  std::vector<std::string_view> captures;
  auto found = tree.find("/u/bob/x", captures);
  EXPECT_EQ(found.location, &inner);
  EXPECT_EQ(found.regex, user.get());
  ASSERT_EQ(captures.size(), 2u);
  EXPECT_EQ(captures[1], "bob");
  found = tree.find("/u/eve", captures);
  EXPECT_EQ(found.location, &outer);
  EXPECT_EQ(captures[1], "eve");
}

TEST(LocationTree, duplicates_are_reported_and_named_ones_kept_apart) {
  Place a{"A"}, b{"B"}, c{"C"};
  Tree tree;
  tree.add_prefix("/x", &a);
  tree.add_exact("/x", &b);
  tree.add_prefix("/x", &c);
  EXPECT_TRUE(tree.add_named("@x", &a));
  EXPECT_FALSE(tree.add_named("@x", &b));
  auto duplicates = tree.build();
  ASSERT_EQ(duplicates.size(), 1u);
  EXPECT_EQ(duplicates[0], &c);
  EXPECT_EQ(find(tree, "/x"), "B!");
  EXPECT_EQ(find(tree, "/xy"), "A");
  EXPECT_EQ(tree.find_named("@x"), &a);
  EXPECT_EQ(tree.find_named("@y"), nullptr);
}

TEST(LocationTree, labels_longer_than_a_node_can_say) {
  Place a{"A"};
  std::string giant = "/" + std::string(200000, 'g');
  Tree tree;
  tree.add_prefix(giant, &a);
  tree.build();
  EXPECT_EQ(find(tree, giant + "x"), "A");
  EXPECT_EQ(find(tree, giant.substr(0, 199999)), "none");
}

// Against the obvious scan, over a small alphabet so that names touch in every way.
TEST(PrefixTree, agrees_with_a_scan) {
  std::mt19937 random(3);
  auto word = [&](size_t most) {
    std::string text = "/";
    for (size_t n = random() % most; n > 0; --n) { text += "ab/"[random() % 3]; }
    return text;
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<PrefixTree::Name> names;
    for (uint32_t i = 0; i < 1 + random() % 40; ++i) {
      PrefixTree::Name name{word(6), i, random() % 3 == 0};
      bool known = std::any_of(names.begin(), names.end(), [&](const PrefixTree::Name& it) {
        return it.text == name.text && it.exact == name.exact;
      });
      if (!known) { names.push_back(name); }
    }
    PrefixTree tree;
    ASSERT_TRUE(tree.build(names).empty());
    for (int probe = 0; probe < 200; ++probe) {
      std::string path = word(8);
      PrefixTree::Found want;
      size_t longest = 0;
      bool named = false;
      for (const auto& name : names) {
        named |= name.text == path;
        if (name.exact && name.text == path) {
          want.exact = name.value;
        } else if (!name.exact && path.starts_with(name.text) && name.text.size() > longest) {
          longest = name.text.size();
          want.prefix = name.value;
        }
      }
      for (const auto& name : names) {
        if (!named && name.text == path + "/") {
          (name.exact ? want.slash_exact : want.slash_prefix) = name.value;
        }
      }
      auto found = tree.find(path);
      ASSERT_EQ(found.exact, want.exact) << path;
      ASSERT_EQ(found.prefix, want.prefix) << path;
      ASSERT_EQ(found.slash_exact, want.slash_exact) << path;
      ASSERT_EQ(found.slash_prefix, want.slash_prefix) << path;
    }
  }
}

TEST(LocationTree, fifty_thousand_cost_little) {
  Place a{"A"};
  Tree tree;
  for (int i = 0; i < 50000; ++i) { tree.add_prefix("/service/" + std::to_string(i) + "/api/", &a); }
  ASSERT_TRUE(tree.build().empty());
  EXPECT_EQ(find(tree, "/service/49999/api/x"), "A");
  EXPECT_EQ(find(tree, "/service/50000/api/x"), "none");
  RecordProperty("bytes_per_location", static_cast<int>(tree.footprint() / 50000));
  EXPECT_LT(tree.footprint() / 50000, 64u);
}

}  // namespace
}  // namespace sluice::http
