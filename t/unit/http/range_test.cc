#include "http/range.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice::http {
namespace {

std::string parse(string_view value, uint64_t size = 100, uint64_t most = kAnyRanges) {
  Arena arena;
  Ranges ranges = parse_range(arena, value, size, most);
  if (ranges.outcome == RangeOutcome::whole) { return "whole"; }
  if (ranges.outcome == RangeOutcome::unsatisfiable) { return "416"; }
  std::string text;
  for (const ByteRange& range : ranges) {
    text += (text.empty() ? "" : " ") + std::to_string(range.first) + "-" + std::to_string(range.last);
  }
  return text;
}

TEST(Range, forms) {
  EXPECT_EQ(parse("bytes=0-9"), "0-9");
  EXPECT_EQ(parse("Bytes=10-"), "10-99");
  EXPECT_EQ(parse("bytes=-10"), "90-99");
  EXPECT_EQ(parse("bytes=-1000"), "0-99");
  EXPECT_EQ(parse("bytes=0-1000"), "0-99");
  EXPECT_EQ(parse("bytes=99-"), "99-99");
  EXPECT_EQ(parse("bytes=0-0 ,\t-1"), "0-0 99-99");
  EXPECT_EQ(parse("bytes=,1-2,,3-4,"), "1-2 3-4");
  EXPECT_EQ(parse("bytes=50-59,0-9"), "50-59 0-9");
}

TEST(Range, unsatisfiable) {
  EXPECT_EQ(parse("bytes=100-"), "416");
  EXPECT_EQ(parse("bytes=-0"), "416");
  EXPECT_EQ(parse("bytes=200-300,400-"), "416");
  EXPECT_EQ(parse("bytes=200-300,5-6"), "5-6");
}

TEST(Range, what_breaks_the_grammar_is_rejected) {
  for (string_view value : {"bytes=,", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=5", "bytes=0-9,x",
                            "bytes=0-9-", "bytes=+1-2", "bytes=--5", "bytes=\"0-9\"", "bytes=0-1 2"}) {
    EXPECT_EQ(parse(value), "416") << value;
    EXPECT_EQ(parse(value, 0), "416") << value;
  }
  EXPECT_EQ(parse("bytes=0 - 9"), "0-9");
}

TEST(Range, another_unit_is_ignored) {
  for (string_view value : {"", "bytes", "bytes=", "items=0-9", "bytes =0-9", "bytes 0-9"}) {
    EXPECT_EQ(parse(value), "whole") << value;
  }
}

TEST(Range, of_nothing) {
  for (string_view value : {"bytes=0-", "bytes=-5", "bytes=0-0", "bytes=-0"}) {
    EXPECT_EQ(parse(value, 0), "whole");
  }
}

TEST(Range, numbers_of_any_length) {
  EXPECT_EQ(parse("bytes=0-18446744073709551615"), "0-99");
  EXPECT_EQ(parse("bytes=0-18446744073709551616"), "0-99");
  EXPECT_EQ(parse("bytes=99999999999999999999-"), "416");
  EXPECT_EQ(parse("bytes=-99999999999999999999"), "0-99");
  EXPECT_EQ(parse("bytes=18446744073709551615-18446744073709551615", UINT64_MAX), "416");
  EXPECT_EQ(parse("bytes=0-,0-", UINT64_MAX), "whole");
}

TEST(Range, asking_twice_gets_everything_once) {
  EXPECT_EQ(parse("bytes=0-,0-"), "whole");
  EXPECT_EQ(parse("bytes=0-59,40-99"), "whole");
  EXPECT_EQ(parse("bytes=0-49,50-99"), "0-49 50-99");
  EXPECT_EQ(parse("bytes=0-9,0-9"), "0-9 0-9");
}

TEST(Range, many_tiny_ranges_never_amplify) {
  std::string value = "bytes=0-0";
  for (int i = 1; i < 1300; ++i) { value += "," + std::to_string(i * 2) + "-" + std::to_string(i * 2); }
  EXPECT_EQ(parse(value, 10000), "whole");
  Arena arena;
  Ranges ranges = parse_range(arena, value, 1000000);
  EXPECT_EQ(ranges.count, 1300u);
}

TEST(Range, max_ranges) {
  EXPECT_EQ(parse("bytes=0-9", 100, 0), "whole");
  EXPECT_EQ(parse("bytes=0-9", 100, 1), "0-9");
  EXPECT_EQ(parse("bytes=0-9,20-29", 100, 1), "whole");
  EXPECT_EQ(parse("bytes=0-9,100-,-0", 100, 1), "0-9");
}

// Whatever is asked for lies within, and is no more than everything.
TEST(Range, random_fields) {
  std::mt19937 random(11);
  const char* pieces[] = {"-", ",",  "0",   "9",  "42", "18446744073709551615", " ", "\t",
                          "x", "\"", "5-7", "-3", "99-"};
  for (int i = 0; i < 100000; ++i) {
    std::string value = "bytes=";
    for (size_t n = random() % 10; n > 0; --n) { value += pieces[random() % std::size(pieces)]; }
    uint64_t size = random() % 3 == 0 ? random() % 3 : 100;
    Arena arena;
    uint64_t sum = 0;
    for (const ByteRange& range : parse_range(arena, value, size)) {
      ASSERT_LE(range.first, range.last) << value;
      ASSERT_LT(range.last, size) << value;
      sum += range.size();
    }
    ASSERT_LE(sum, size) << value;
  }
}

TEST(Range, texts) {
  Arena arena;
  EXPECT_EQ(content_range(arena, {0, 9}, 100), "bytes 0-9/100");
  EXPECT_EQ(content_range(arena, {UINT64_MAX - 1, UINT64_MAX - 1}, UINT64_MAX),
            "bytes 18446744073709551614-18446744073709551614/18446744073709551615");
  EXPECT_EQ(content_range_unsatisfied(arena, 100), "bytes */100");
  EXPECT_EQ(part_head(arena, "B", "text/plain", {0, 9}, 100),
            "\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-9/100\r\n\r\n");
  EXPECT_EQ(part_head(arena, "B", "", {0, 9}, 100), "\r\n--B\r\nContent-Range: bytes 0-9/100\r\n\r\n");
  EXPECT_EQ(part_end(arena, "B"), "\r\n--B--\r\n");
}

}  // namespace
}  // namespace sluice::http
