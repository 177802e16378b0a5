#include "http/vars/map_table.h"

#include <gtest/gtest.h>

#include "conf/build.h"

namespace sluice::http {
namespace {

using Added = MapTable::Added;
using conf::Expression;

struct Subject : conf::Evaluation {
  Subject(Arena& arena, const conf::VariableTable& table) : Evaluation(arena, table) {}
};

struct MapTableTest : testing::Test {
  Added add(MapTable& table, string_view source, string_view result) {
    return table.add(source, Expression::literal(result));
  }
  void add_pattern(MapTable& table, const char* pattern, const char* result) {
    conf::Word where{pattern, {}, 1, false};
    table.add(*conf::Matcher::compile(build, conf::Realm::http, where, pattern, false),
              Expression::compile(build, conf::Realm::http, conf::Word{result, {}, 1, false}));
  }
  std::string find(const MapTable& table, string_view source) {
    Arena arena;
    Subject subject(arena, config.http_variables);
    const Expression* found = table.find(subject, source);
    return found == nullptr ? "(none)" : std::string(found->evaluate(subject));
  }
  conf::Config config;
  conf::Diagnostics diagnostics;
  conf::Build build{config, diagnostics};
};

TEST_F(MapTableTest, texts_in_any_case) {
  MapTable table(false);
  EXPECT_EQ(add(table, "Red", "1"), Added::yes);
  EXPECT_EQ(add(table, "rED", "2"), Added::conflict);
  EXPECT_EQ(add(table, "", "nothing"), Added::yes);
  EXPECT_EQ(add(table, "*.red", "star"), Added::yes);
  table.finish();
  EXPECT_EQ(find(table, "red"), "1");
  EXPECT_EQ(find(table, "RED"), "1");
  EXPECT_EQ(find(table, ""), "nothing");
  EXPECT_EQ(find(table, "*.red"), "star");
  EXPECT_EQ(find(table, "a.red"), "(none)");
  EXPECT_EQ(find(table, "red."), "(none)");
}

TEST_F(MapTableTest, default_is_the_last) {
  MapTable table(false);
  EXPECT_TRUE(table.set_default(Expression::literal("d")));
  EXPECT_FALSE(table.set_default(Expression::literal("e")));
  add(table, "a", "1");
  add_pattern(table, "^b", "2");
  table.finish();
  EXPECT_EQ(find(table, "a"), "1");
  EXPECT_EQ(find(table, "bc"), "2");
  EXPECT_EQ(find(table, "c"), "d");
}

TEST_F(MapTableTest, long_texts) {
  MapTable table(false);
  std::string key(5000, 'K');
  add(table, key, "long");
  table.finish();
  EXPECT_EQ(find(table, std::string(5000, 'k')), "long");
  EXPECT_EQ(find(table, std::string(5001, 'k')), "(none)");
  EXPECT_EQ(find(table, std::string(300, 'k')), "(none)");
}

TEST_F(MapTableTest, masks_by_length) {
  MapTable table(true);
  add(table, ".a.com", "all");
  add(table, "*.x.a.com", "below x");
  add(table, "exact.a.com", "exact");
  add(table, "www.*", "www");
  add(table, "www.b.*", "www b");
  EXPECT_EQ(add(table, "*.a.*", "?"), Added::invalid);
  EXPECT_EQ(add(table, "a..b", "?"), Added::invalid);
  EXPECT_EQ(add(table, "*.a.com", "?"), Added::conflict);
  table.finish();
  EXPECT_EQ(find(table, "a.com"), "all");
  EXPECT_EQ(find(table, "A.com."), "all");
  EXPECT_EQ(find(table, "q.a.com"), "all");
  EXPECT_EQ(find(table, "q.x.a.com"), "below x");
  EXPECT_EQ(find(table, "exact.a.com"), "exact");
  EXPECT_EQ(find(table, "www.a.com"), "all");
  EXPECT_EQ(find(table, "www.c.org"), "www");
  EXPECT_EQ(find(table, "www.b.org"), "www b");
  EXPECT_EQ(find(table, "a.com:80"), "(none)");
  EXPECT_EQ(find(table, std::string(300, 'w')), "(none)");
}

TEST_F(MapTableTest, first_regex_and_its_captures) {
  MapTable table(false);
  add_pattern(table, "^(?<kind>.)-(.*)$", "$kind:$2");
  add_pattern(table, "^a", "never for a-");
  add(table, "a-text", "text");
  table.finish();
  EXPECT_EQ(find(table, "a-rest"), "a:rest");
  EXPECT_EQ(find(table, "a-text"), "text");
  EXPECT_EQ(find(table, "abc"), "never for a-");
  EXPECT_EQ(find(table, "A-rest"), "A:rest");
}

}  // namespace
}  // namespace sluice::http
