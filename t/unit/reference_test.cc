// What the manual is made from: no directive and no variable may lack its sentence.
#include <gtest/gtest.h>

#include <string>

#include "conf/directive.h"
#include "conf/variable.h"

namespace sluice::conf {
namespace {

// A sentence: begins like one and ends like one.
bool is_sentence(std::string_view text) {
  return text.size() > 8 && text.find_first_of("\n\t") == std::string_view::npos &&
         text.find("  ") == std::string_view::npos && text.back() == '.' && text.front() != ' ';
}

// Tests that are linked into the same binary register rows of their own.
bool is_of_a_test(std::string_view name) { return name.starts_with("test_"); }

TEST(Reference, EveryDirectiveHasItsManual) {
  size_t rows = 0;
  for (const ModuleInfo* module : modules()) {
    for (const Row& row : module->rows) {
      if (is_of_a_test(row.name)) { continue; }
      SCOPED_TRACE(row.name);
      ++rows;
      ASSERT_NE(row.manual, nullptr);
      EXPECT_TRUE(is_sentence(row.manual)) << row.manual;
      EXPECT_TRUE(*row.difference == '\0' || is_sentence(row.difference)) << row.difference;
      EXPECT_NE(row.contexts, 0u);
      ASSERT_NE(row.syntax, nullptr);
      EXPECT_TRUE(row.count.most == 0 || *row.syntax != '\0') << "it takes arguments, but which?";
    }
  }
  EXPECT_GT(rows, 100u);
}

TEST(Reference, EveryVariableHasItsManual) {
  size_t rows = 0;
  for (Realm realm : {Realm::http, Realm::stream}) {
    for (const VariableRow* row : Variables::all(realm)) {
      std::string_view name = row->name;
      if (is_of_a_test(name)) { continue; }
      SCOPED_TRACE(row->name);
      ++rows;
      ASSERT_NE(row->manual, nullptr);
      EXPECT_TRUE(is_sentence(row->manual)) << row->manual;
      EXPECT_EQ(row->prefix, name.ends_with('_'));
      EXPECT_TRUE(row->changeable || row->set == nullptr);
    }
  }
  EXPECT_GT(rows, 80u);
}

TEST(Reference, NoVariableIsDeclaredTwice) {
  for (Realm realm : {Realm::http, Realm::stream}) {
    std::vector<const VariableRow*> rows = Variables::all(realm);
    for (size_t i = 1; i < rows.size(); ++i) { EXPECT_STRNE(rows[i - 1]->name, rows[i]->name); }
  }
}

}  // namespace
}  // namespace sluice::conf
