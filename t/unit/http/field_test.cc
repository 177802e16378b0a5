#include "http/field.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"
#include "http/fold.h"

namespace sluice::http {
namespace {

std::string upper(std::string text) {
  for (char& c : text) { c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
  return text;
}

FieldId id_at(size_t index) { return static_cast<FieldId>(index); }

TEST(FieldId, KnowsItsNamesInAnyCase) {
  for (size_t i = 1; i < kFieldIds; ++i) {
    std::string name(field_name(id_at(i)));
    EXPECT_EQ(field_id(name), id_at(i)) << name;
    EXPECT_EQ(field_id(to_lower(name)), id_at(i)) << name;
    EXPECT_EQ(field_id(upper(name)), id_at(i)) << name;
  }
}

// Each name with one character changed to any other is unknown, unless only its case changed or it is another
// known name.
TEST(FieldId, KnowsNothingElse) {
  for (size_t i = 1; i < kFieldIds; ++i) {
    std::string known(field_name(id_at(i)));
    for (size_t at = 0; at < known.size(); ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string name = known;
        name[at] = static_cast<char>(c);
        FieldId id = field_id(name);
        EXPECT_TRUE(id == FieldId::unknown || iequals(field_name(id), name)) << name;
        EXPECT_EQ(id == id_at(i), iequals(known, name)) << name;
      }
    }
    EXPECT_EQ(field_id(known + "x"), FieldId::unknown);
    EXPECT_EQ(field_id(known + "-"), FieldId::unknown);
  }
  for (const char* name : {"", "x", "-", "tE-", "ab", "abc", "Content-Lengt", "X-Forwarded-Host"}) {
    EXPECT_EQ(field_id(name), FieldId::unknown) << name;
  }
  EXPECT_EQ(field_id(std::string(1000, 'a')), FieldId::unknown);
}

TEST(IsWord, ComparesWithoutCase) {
  EXPECT_TRUE(is_word("close", "close"));
  EXPECT_TRUE(is_word("CLOSE", "close"));
  EXPECT_TRUE(is_word("Keep-Alive", "keep-alive"));
  EXPECT_TRUE(is_word("100-Continue", "100-continue"));
  EXPECT_TRUE(is_word("tE", "te"));
  EXPECT_FALSE(is_word("closed", "close"));
  EXPECT_FALSE(is_word("clos", "close"));
  EXPECT_FALSE(is_word("", "close"));
  EXPECT_FALSE(is_word("keep\ralive", "keep-alive"));
  EXPECT_FALSE(
      is_word("\x11"
              "00-continue",
              "100-continue"));
}

std::string all(const Fields& fields) {
  std::string out;
  for (const Field& field : fields) { out += std::string(field.name) + "=" + std::string(field.value) + "|"; }
  return out;
}

struct FieldsTest : ::testing::Test {
  Arena arena;
  Fields fields{arena};
};

TEST_F(FieldsTest, AddAndFind) {
  fields.add("host", "a");
  fields.add("X-Y", "b");
  fields.add(FieldId::via, "c");
  EXPECT_EQ(all(fields), "host=a|X-Y=b|Via=c|");
  EXPECT_EQ(fields.value(FieldId::host), "a");
  EXPECT_EQ(fields.find("x-y")->value, "b");
  EXPECT_EQ(fields.find("VIA")->value, "c");
  EXPECT_EQ(fields.find("x-z"), nullptr);
  EXPECT_EQ(fields.find(FieldId::date), nullptr);
  EXPECT_TRUE(fields.value(FieldId::date).empty());
}

TEST_F(FieldsTest, Grows) {
  for (int i = 0; i < 1000; ++i) { fields.add(arena.copy("X-" + std::to_string(i)), "v"); }
  EXPECT_EQ(fields.size(), 1000u);
  EXPECT_EQ(fields.find("x-0")->value, "v");
  EXPECT_EQ(fields.find("x-999")->value, "v");
}

TEST_F(FieldsTest, RemoveKeepsTheOrder) {
  for (const char* name : {"A", "Via", "B", "VIA", "C", "b"}) { fields.add(name, "1"); }
  EXPECT_EQ(fields.remove(FieldId::via), 2u);
  EXPECT_FALSE(fields.has(FieldId::via));
  EXPECT_EQ(fields.remove(FieldId::via), 0u);
  EXPECT_EQ(fields.remove("B"), 2u);
  EXPECT_EQ(fields.remove("X"), 0u);
  EXPECT_EQ(all(fields), "A=1|C=1|");
  fields.add(FieldId::via, "2");
  EXPECT_EQ(fields.value(FieldId::via), "2");
}

TEST_F(FieldsTest, SetReplacesTheFirstAndRemovesTheRest) {
  fields.add("A", "1");
  fields.add("via", "2");
  fields.add("a", "3");
  fields.add("Via", "4");
  fields.set(FieldId::via, "5");
  fields.set("A", "6");
  fields.set("B", "7");
  fields.set(FieldId::age, "8");
  EXPECT_EQ(all(fields), "A=6|via=5|B=7|Age=8|");
}

TEST_F(FieldsTest, CountAndCombine) {
  fields.add("Via", "1");
  fields.add("X", "2");
  fields.add("via", "3");
  fields.add("Cookie", "a=b");
  fields.add("cookie", "c=d");
  EXPECT_EQ(fields.count(FieldId::via), 2u);
  EXPECT_EQ(fields.count(FieldId::age), 0u);
  EXPECT_EQ(fields.combined(FieldId::via), "1, 3");
  EXPECT_EQ(fields.combined("x"), "2");
  EXPECT_EQ(fields.combined("y"), "");
  EXPECT_EQ(fields.combined("Cookie", "; "), "a=b; c=d");
}

TEST_F(FieldsTest, DraftsCountWhenKept) {
  Field& draft = fields.draft();
  draft = {"Via", "1", FieldId::via};
  EXPECT_TRUE(fields.empty());
  EXPECT_FALSE(fields.has(FieldId::via));
  fields.keep(draft);
  EXPECT_EQ(all(fields), "Via=1|");
}

TEST_F(FieldsTest, Clear) {
  fields.add("Via", "1");
  fields.clear();
  EXPECT_TRUE(fields.empty());
  EXPECT_FALSE(fields.has(FieldId::via));
}

TEST_F(FieldsTest, RebaseMovesOnlyWhatWasInTheBuffer) {
  std::string memory = "Via: 1 behind";
  std::string moved = memory;
  const char* begin = memory.data();
  fields.add(string_view(begin, 3), string_view(begin + 5, 1));
  // Begins where the buffer ends: somebody else's.
  fields.add("X", string_view(begin + 6, 7));
  fields.rebase(begin, begin + 6, moved.data() - begin);
  EXPECT_EQ(fields.begin()->name.data(), moved.data());
  EXPECT_EQ(fields.begin()->value.data(), moved.data() + 5);
  EXPECT_EQ((fields.begin() + 1)->value.data(), begin + 6);
}

}  // namespace
}  // namespace sluice::http
