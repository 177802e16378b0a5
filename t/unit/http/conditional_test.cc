#include "http/conditional.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

constexpr int64_t kTime = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr string_view kSame = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr string_view kEarlier = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr string_view kLater = "Sun, 06 Nov 1994 08:49:38 GMT";
const Validators kBoth{"\"a\"", kTime};

using Lines = std::initializer_list<std::pair<FieldId, string_view>>;

Precondition check(Lines lines, Method method = Method::get, Validators validators = kBoth,
                   ModifiedSince mode = ModifiedSince::exact) {
  Arena arena;
  Fields fields(arena);
  for (auto& [id, value] : lines) { fields.add(id, value); }
  return check_preconditions(method, fields, validators, mode);
}

bool ranged(Lines lines, Method method = Method::get, Validators validators = kBoth) {
  Arena arena;
  Fields fields(arena);
  fields.add(FieldId::range, "bytes=0-1");
  for (auto& [id, value] : lines) { fields.add(id, value); }
  return range_applies(method, fields, validators);
}

TEST(Conditional, if_match) {
  EXPECT_EQ(check({}), Precondition::proceed);
  EXPECT_EQ(check({{FieldId::if_match, "\"a\""}}), Precondition::proceed);
  EXPECT_EQ(check({{FieldId::if_match, "*"}}), Precondition::proceed);
  EXPECT_EQ(check({{FieldId::if_match, "\"x\", \"a\""}}), Precondition::proceed);
  EXPECT_EQ(check({{FieldId::if_match, "\"x\""}, {FieldId::if_match, "\"a\""}}), Precondition::proceed);
  EXPECT_EQ(check({{FieldId::if_match, "W/\"a\""}}), Precondition::failed);
  EXPECT_EQ(check({{FieldId::if_match, "\"x\""}}), Precondition::failed);
  EXPECT_EQ(check({{FieldId::if_match, "junk"}}), Precondition::failed);
  EXPECT_EQ(check({{FieldId::if_match, "\"a\""}}, Method::get, {"W/\"a\"", kTime}), Precondition::failed);
  EXPECT_EQ(check({{FieldId::if_match, "\"a\""}}, Method::get, {"", kTime}), Precondition::failed);
}

TEST(Conditional, if_unmodified_since_only_without_if_match) {
  EXPECT_EQ(check({{FieldId::if_unmodified_since, kSame}}), Precondition::proceed);
  EXPECT_EQ(check({{FieldId::if_unmodified_since, kLater}}), Precondition::proceed);
  EXPECT_EQ(check({{FieldId::if_unmodified_since, kEarlier}}), Precondition::failed);
  EXPECT_EQ(check({{FieldId::if_unmodified_since, kEarlier}, {FieldId::if_match, "\"a\""}}),
            Precondition::proceed);
  EXPECT_EQ(check({{FieldId::if_unmodified_since, "yesterday"}}), Precondition::proceed);
  EXPECT_EQ(check({{FieldId::if_unmodified_since, kEarlier}}, Method::get, {"\"a\"", -1}),
            Precondition::proceed);
}

TEST(Conditional, if_none_match) {
  EXPECT_EQ(check({{FieldId::if_none_match, "\"a\""}}), Precondition::not_modified);
  EXPECT_EQ(check({{FieldId::if_none_match, "W/\"a\""}}, Method::head), Precondition::not_modified);
  EXPECT_EQ(check({{FieldId::if_none_match, "*"}}), Precondition::not_modified);
  EXPECT_EQ(check({{FieldId::if_none_match, "\"x\""}}), Precondition::proceed);
  EXPECT_EQ(check({{FieldId::if_none_match, "*"}}, Method::put), Precondition::failed);
  EXPECT_EQ(check({{FieldId::if_none_match, "\"a\""}}, Method::post), Precondition::failed);
}

TEST(Conditional, if_modified_since_only_without_if_none_match) {
  EXPECT_EQ(check({{FieldId::if_modified_since, kSame}}), Precondition::not_modified);
  EXPECT_EQ(check({{FieldId::if_modified_since, kEarlier}}), Precondition::proceed);
  EXPECT_EQ(check({{FieldId::if_modified_since, kSame}, {FieldId::if_none_match, "\"x\""}}),
            Precondition::proceed);
  EXPECT_EQ(check({{FieldId::if_modified_since, kSame}}, Method::post), Precondition::proceed);
  EXPECT_EQ(check({{FieldId::if_modified_since, "?"}}), Precondition::proceed);
}

TEST(Conditional, the_three_ways_to_read_if_modified_since) {
  auto with = [](string_view date, ModifiedSince mode) {
    return check({{FieldId::if_modified_since, date}}, Method::get, kBoth, mode);
  };
  EXPECT_EQ(with(kLater, ModifiedSince::exact), Precondition::proceed);
  EXPECT_EQ(with(kLater, ModifiedSince::before), Precondition::not_modified);
  EXPECT_EQ(with(kEarlier, ModifiedSince::before), Precondition::proceed);
  EXPECT_EQ(with(kSame, ModifiedSince::off), Precondition::proceed);
}

TEST(Conditional, if_range) {
  EXPECT_TRUE(ranged({}));
  EXPECT_FALSE(ranged({}, Method::head));
  EXPECT_FALSE(ranged({}, Method::post));
  EXPECT_TRUE(ranged({{FieldId::if_range, "\"a\""}}));
  EXPECT_FALSE(ranged({{FieldId::if_range, "W/\"a\""}}));
  EXPECT_FALSE(ranged({{FieldId::if_range, "\"a\", \"b\""}}));
  EXPECT_FALSE(ranged({{FieldId::if_range, "\"x\""}}));
  EXPECT_TRUE(ranged({{FieldId::if_range, kSame}}));
  EXPECT_FALSE(ranged({{FieldId::if_range, kLater}}));
  EXPECT_FALSE(ranged({{FieldId::if_range, kSame}}, Method::get, {"\"a\"", -1}));
  EXPECT_FALSE(ranged({{FieldId::if_range, "*"}}));
  EXPECT_FALSE(ranged({{FieldId::if_range, ""}}));
}

TEST(Conditional, etag_lists_are_read_with_care) {
  EXPECT_TRUE(etag_listed("\"a,b\"", "\"a,b\"", true));
  EXPECT_FALSE(etag_listed("\"x,\"a\",y\"", "\"b\"", true));
  EXPECT_TRUE(etag_listed("\"a\\\" , \"b\"", "\"b\"", true));  // a backslash does not escape
  EXPECT_TRUE(etag_listed(",, \"x\"\t,W/\"b\" ,", "\"b\"", true));
  EXPECT_FALSE(etag_listed("\"b", "\"b\"", true));
  EXPECT_FALSE(etag_listed("b", "\"b\"", true));
  EXPECT_FALSE(etag_listed("\"b\"x", "\"b\"", true));
  EXPECT_TRUE(etag_listed("x\"b\",\"b\"", "\"b\"", true));
  EXPECT_FALSE(etag_listed("w/\"b\"", "\"b\"", true));  // W/ is case-sensitive
  EXPECT_FALSE(etag_listed("\"\"", "", true));
  EXPECT_TRUE(etag_listed("\"\"", "\"\"", false));
}

TEST(Conditional, etag_of_a_file) {
  Arena arena;
  EXPECT_EQ(make_etag(arena, kTime, 615), "\"2ebc98a1-267\"");
  EXPECT_EQ(make_etag(arena, 0, UINT64_MAX), "\"0-ffffffffffffffff\"");
}

}  // namespace
}  // namespace sluice::http
