#include "conf/escapes.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "conf/build.h"
#include "conf/expression.h"
#include "conf/format.h"
#include "parse_helper.h"

namespace sluice::conf::test {
namespace {

struct EscapesTest : testing::Test {
  void SetUp() override {
    setenv("SLUICE_TEST_WORD", "value", 1);
    setenv("SLUICE_TEST_EMPTY", "", 1);
    setenv("SLUICE_TEST_ODD", "a b;{}\"'\\n$host", 1);
    unsetenv("SLUICE_TEST_UNSET");
  }
  std::string resolve(std::string_view raw) {
    Resolved resolved = resolve_escapes(raw, Environment::replace);
    return resolved.mistake ? "mistake: " + resolved.mistake->text : resolved.text;
  }
};

TEST_F(EscapesTest, backslashes) {
  EXPECT_EQ(resolve(R"(a\"b\'c\\d\te\.f)"), "a\"b'c\\d\te\\.f");
  EXPECT_EQ(resolve("a\\"), "a\\");
}

TEST_F(EscapesTest, values) {
  EXPECT_EQ(resolve("${env:SLUICE_TEST_WORD}"), "value");
  EXPECT_EQ(resolve("<${env:SLUICE_TEST_WORD}|${env:SLUICE_TEST_WORD}>"), "<value|value>");
  EXPECT_EQ(resolve("${env:SLUICE_TEST_EMPTY}"), "");
  EXPECT_EQ(resolve("${env:SLUICE_TEST_ODD}"), "a b;{}\"'\\n$host");
}

TEST_F(EscapesTest, defaults) {
  EXPECT_EQ(resolve("${env:SLUICE_TEST_WORD:-other}"), "value");
  EXPECT_EQ(resolve("${env:SLUICE_TEST_UNSET:-other:-x}"), "other:-x");
  EXPECT_EQ(resolve("${env:SLUICE_TEST_EMPTY:-other}"), "other");
  EXPECT_EQ(resolve("[${env:SLUICE_TEST_UNSET:-}]"), "[]");
}

TEST_F(EscapesTest, escaped) {
  EXPECT_EQ(resolve("\\${env:SLUICE_TEST_WORD}"), "${env:SLUICE_TEST_WORD}");
  EXPECT_EQ(resolve("\\\\${env:SLUICE_TEST_WORD}"), "\\value");
  EXPECT_EQ(resolve("\\${other}"), "\\${other}");
}

TEST_F(EscapesTest, mistakes) {
  EXPECT_EQ(resolve("${env:SLUICE_TEST_UNSET}"),
            "mistake: environment variable \"SLUICE_TEST_UNSET\" is not set");
  EXPECT_EQ(resolve("x${env:A"), "mistake: the closing bracket in \"${env:A\" is missing");
  for (const char* wrong : {"${env:}", "${env:1A}", "${env:A-B}", "${env:A:B}", "${env:A:}", "${env::-x}"}) {
    EXPECT_EQ(resolve(wrong), "mistake: invalid reference to the environment") << wrong;
  }
}

TEST_F(EscapesTest, kept) {
  Resolved resolved = resolve_escapes(R"(${env:A} \${env:B} \")", Environment::keep);
  EXPECT_EQ(resolved.text, R"(${env:A} \${env:B} ")");
  EXPECT_FALSE(resolved.mistake);
}

TEST_F(EscapesTest, a_formatted_text_keeps_them) {
  std::string text = "a ${env:SLUICE_TEST_UNSET} \"\\${env:X} ${env:Y:-a b}\";\n";
  Formatted formatted = format_text("test.conf", text);
  EXPECT_EQ(messages(formatted.diagnostics), "");
  EXPECT_EQ(formatted.text, text);
}

TEST_F(EscapesTest, words_of_a_file) {
  Parsed parsed(R"(a${env:SLUICE_TEST_WORD} "${env:SLUICE_TEST_ODD}" \${env:X} ${env:SLUICE_TEST_EMPTY};
                   b ${env:SLUICE_TEST_UNSET:-x}{ c 'q ${env:SLUICE_TEST_UNSET:-x y;{}'; })");
  EXPECT_EQ(parsed.messages(), "");
  EXPECT_EQ(parsed.shape(), "[avalue][a b;{}\"'\\n$host][${env:X}][]; [b][x]{[c][q x y;{];}");
}

TEST_F(EscapesTest, places_of_mistakes) {
  Parsed parsed("a 1;\nb x${env:SLUICE_TEST_UNSET}y 'first\nsecond ${env:}';\nc ${env:A B};\nd 2;");
  EXPECT_EQ(parsed.messages(),
            "2:4 environment variable \"SLUICE_TEST_UNSET\" is not set "
            "(${env:SLUICE_TEST_UNSET:-default} gives it a default)\n"
            "3:8 invalid reference to the environment (it is written ${env:NAME} or ${env:NAME:-default})\n"
            "4:3 the closing bracket in \"${env:A\" is missing "
            "(with a blank, a semicolon or a brace in it the whole word is put in quotes)");
  EXPECT_EQ(parsed.shape(), "[a][1]; [d][2];");
}

TEST_F(EscapesTest, a_dollar_of_the_environment_starts_no_variable) {
  setenv("SLUICE_TEST_DOLLARS", "$5 and $msec", 1);
  Parsed parsed("x 'v: ${env:SLUICE_TEST_DOLLARS} \\${env:Y}$';");
  Config config;
  Diagnostics diagnostics;
  Build build(config, diagnostics);
  const Word& word = parsed.tree.root.children[0].argument_word(0);
  Expression::compile(build, Realm::http, word);
  EXPECT_EQ(messages(diagnostics),
            "1:3 invalid variable name (a \"$\" must be followed by the name of a variable)");
  Word without = word;
  without.text.pop_back();
  Diagnostics none;
  Build again(config, none);
  Expression made = Expression::compile(again, Realm::http, without);
  EXPECT_TRUE(made.constant());
  EXPECT_EQ(made.text(), "v: $5 and $msec ${env:Y}");
  // A part of the word, as directives with name=value have it.
  EXPECT_TRUE(
      Expression::compile(again, Realm::http, without, std::string_view(without.text).substr(3)).constant());
  EXPECT_EQ(messages(none), "");
}

}  // namespace
}  // namespace sluice::conf::test
