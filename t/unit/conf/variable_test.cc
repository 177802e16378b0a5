// Variables and expressions, with rows of the test's own.
#include "conf/variable.h"

#include <gtest/gtest.h>

#include "conf/build.h"
#include "conf/expression.h"
#include "parse_helper.h"

namespace sluice::conf::test {
namespace {

int evaluated = 0;

Value get_fixed(Evaluation&, const Variable&) {
  ++evaluated;
  return {"fixed"};
}
Value get_suffix(Evaluation&, const Variable& variable) { return {variable.suffix}; }
Value get_data(Evaluation&, const Variable& variable) { return {static_cast<const char*>(variable.data)}; }
void set_nothing(Evaluation&, const Variable&, std::string_view) {}

const VariableRow rows[] = {
    {Realm::http, "test_fixed", get_fixed, "A fixed value."},
    {Realm::http, "test_cached", get_fixed, "A cached value.", false, false, nullptr, true},
    {Realm::http, "test_none", no_value, "Never has a value."},
    {Realm::http, "test_changeable", get_fixed, "May be set.", false, true, set_nothing},
    {Realm::http, "test_header_", get_suffix, "A header.", true},
    {Realm::http, "test_header_long_", get_suffix, "Another header.", true},
    {Realm::http, "test_header_exact", get_fixed, "Not the prefix."},
};
const Variables registered(rows);

struct Request : Evaluation {
  Request(Arena& arena, const VariableTable& table) : Evaluation(arena, table) {}
};

struct Fixture : testing::Test {
  // Compiles `text` as the argument of a directive, as it is written.
  Expression compile(const std::string& text) {
    parse_text(tree, "test.conf", "x " + text + ";", {}, diagnostics);
    return Expression::compile(build, Realm::http, tree.root.children.back().argument_word(0));
  }
  std::string evaluate(const std::string& text) {
    Expression expression = compile(text);
    table.resolve(diagnostics);
    Request request(arena, table);
    request.captures = &captures;
    return std::string(expression.evaluate(request));
  }
  std::string messages() const { return test::messages(diagnostics); }
  Tree tree;
  Diagnostics diagnostics;
  Config config;
  Build build{config, diagnostics};
  VariableTable& table = config.http_variables;
  Arena arena;
  std::vector<std::string_view> captures;
};
using ExpressionTest = Fixture;
using VariableTest = Fixture;

TEST_F(ExpressionTest, WithoutVariablesIsItsText) {
  Expression expression = compile("'plain text'");
  EXPECT_TRUE(expression.constant());
  Request request(arena, table);
  EXPECT_EQ(expression.evaluate(request).data(), expression.text().data());
  EXPECT_EQ(arena.footprint(), 0u);
  EXPECT_TRUE(Expression().empty());
  EXPECT_FALSE(expression.empty());
}

TEST_F(ExpressionTest, TellsTextFromValues) {
  auto pieces = [&](const std::string& text) {
    Expression expression = compile(text);
    table.resolve(diagnostics);
    Request request(arena, table);
    std::string out;
    expression.each(
        request, [&](std::string_view written) { out += "t<" + std::string(written) + ">"; },
        [&](const Value& value) { out += (value.found ? "v<" : "none<") + std::string(value.text) + ">"; });
    return out;
  };
  EXPECT_EQ(pieces("plain"), "t<plain>");
  EXPECT_EQ(pieces("'a $test_fixed b$test_none'"), "t<a >v<fixed>t< b>none<>");
  EXPECT_EQ(pieces("$test_fixed"), "v<fixed>");
}

TEST_F(ExpressionTest, ReplacesVariables) {
  EXPECT_EQ(evaluate("$test_fixed"), "fixed");
  EXPECT_EQ(evaluate("a${test_fixed}b"), "afixedb");
  EXPECT_EQ(evaluate("a$test_fixed/b"), "afixed/b");
  EXPECT_EQ(evaluate("$test_fixed$test_fixed"), "fixedfixed");
  EXPECT_EQ(evaluate("[$test_none]"), "[]");
  EXPECT_EQ(evaluate("$Test_FIXED"), "fixed");
  EXPECT_EQ(evaluate("$test_header_abc.$test_header_long_abc.$test_header_exact"), "abc.abc.fixed");
  EXPECT_EQ(messages(), "");
}

TEST_F(ExpressionTest, ReplacesCaptures) {
  captures = {"whole", "one", "two"};
  EXPECT_EQ(evaluate("$1-$2-$3-$12-${2}x"), "one-two--one2-twox");
  EXPECT_EQ(messages(), "");
}

TEST_F(ExpressionTest, TakesManyParts) {
  std::string text;
  std::string expected;
  for (int i = 0; i < 40; ++i) {
    text += "$test_fixed,";
    expected += "fixed,";
  }
  EXPECT_EQ(evaluate(text), expected);
}

TEST_F(ExpressionTest, PointsAtWhatIsWrong) {
  compile("ab$");
  compile("'a $ b'");
  compile("$-");
  compile("${}");
  compile("a${test_fixed");
  EXPECT_EQ(messages(),
            "1:5 invalid variable name (a \"$\" must be followed by the name of a variable)\n"
            "1:6 invalid variable name (a \"$\" must be followed by the name of a variable)\n"
            "1:3 invalid variable name (a \"$\" must be followed by the name of a variable)\n"
            "1:3 invalid variable name (a \"$\" must be followed by the name of a variable)\n"
            "1:4 the closing bracket in \"test_fixed\" variable is missing");
}

TEST_F(VariableTest, UnknownIsAnErrorAtItsFirstUse) {
  compile("'a $test_fixd'");
  compile("$test_fixd");
  compile("$qqqqqqqqqq");
  table.resolve(diagnostics);
  EXPECT_EQ(messages(),
            "1:6 unknown \"test_fixd\" variable (did you mean \"$test_fixed\"?)\n"
            "1:3 unknown \"qqqqqqqqqq\" variable");
}

TEST_F(VariableTest, APrefixAloneIsNoVariable) {
  compile("$test_header_");
  table.resolve(diagnostics);
  EXPECT_TRUE(diagnostics.failed());
}

TEST_F(VariableTest, DefinedInTheConfigurationMayBeUsedBefore) {
  Expression expression = compile("$test_mine");
  ASSERT_NE(table.define("test_mine", get_data, "mine", false), nullptr);
  table.resolve(diagnostics);
  EXPECT_EQ(messages(), "");
  Request request(arena, table);
  EXPECT_EQ(expression.evaluate(request), "mine");
}

TEST_F(VariableTest, BuiltInsAreNotRedefined) {
  EXPECT_EQ(table.define("test_fixed", no_value, nullptr, false), nullptr);
  EXPECT_EQ(table.define("TEST_FIXED", no_value, nullptr, false), nullptr);
  EXPECT_NE(table.define("test_header_mine", no_value, nullptr, false), nullptr);
}

TEST_F(VariableTest, AChangeableBuiltInKeepsItsGetterAndSetter) {
  Variable* variable = table.define("test_changeable", no_value, nullptr, false);
  ASSERT_NE(variable, nullptr);
  table.resolve(diagnostics);
  EXPECT_EQ(variable->get, get_fixed);
  EXPECT_EQ(variable->set, set_nothing);
  EXPECT_TRUE(variable->changeable);
}

TEST_F(VariableTest, ASetDoesNotRemoveAMap) {
  table.define("test_mine", get_data, "mapped", false);
  Variable* variable = table.define("test_mine", no_value, nullptr, false);
  table.resolve(diagnostics);
  Request request(arena, table);
  EXPECT_EQ(request.get(*variable).text, "mapped");
  request.put(*variable, {"set"});
  EXPECT_EQ(request.get(*variable).text, "set");
  request.forget(*variable);
  EXPECT_EQ(request.get(*variable).text, "mapped");
}

TEST_F(VariableTest, CachedIsEvaluatedOnce) {
  evaluated = 0;
  EXPECT_EQ(evaluate("$test_cached$test_cached$test_cached"), "fixedfixedfixed");
  EXPECT_EQ(evaluated, 1);
  EXPECT_EQ(evaluate("$test_fixed$test_fixed"), "fixedfixed");
  EXPECT_EQ(evaluated, 3);
}

TEST_F(VariableTest, WithoutASlotHasNoValue) {
  Variable* variable = table.define("test_unset", no_value, nullptr, false);
  table.resolve(diagnostics);
  Request request(arena, table);
  EXPECT_FALSE(request.get(*variable).found);
}

TEST_F(VariableTest, ValuesCanBeShared) {
  Variable* mine = table.define("mine", no_value, nullptr, false);
  Request parent(arena, table);
  Request child(arena, table);
  child.share_values(parent);
  child.put(*mine, {"child's"});
  EXPECT_EQ(parent.get(*mine).text, "child's");
  parent.put(*mine, {"parent's"});
  EXPECT_EQ(child.get(*mine).text, "parent's");
}

TEST_F(VariableTest, ValuesCanBeCopied) {
  Variable* mine = table.define("mine", no_value, nullptr, false);
  Variable* none = table.define("none", no_value, nullptr, false);
  Arena other;
  Request copy(other, table);
  {
    std::string text = "before";
    Request original(arena, table);
    copy.copy_values(original);
    EXPECT_FALSE(copy.get(*mine).found);
    original.put(*mine, {text});
    copy.copy_values(original);
    text = "behind";
    original.put(*mine, {"after"});
  }
  EXPECT_EQ(copy.get(*mine).text, "before");
  EXPECT_FALSE(copy.get(*none).found);
}

}  // namespace
}  // namespace sluice::conf::test
