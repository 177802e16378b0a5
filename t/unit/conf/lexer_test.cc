#include <gtest/gtest.h>

#include "conf/lexer.h"
#include "parse_helper.h"

namespace sluice::conf::test {
namespace {

struct Case {
  const char* text;
  const char* shape;
};

class Words : public testing::TestWithParam<Case> {};

TEST_P(Words, AreThoseOfNginx) {
  Parsed parsed(GetParam().text);
  EXPECT_EQ(parsed.messages(), "");
  EXPECT_EQ(parsed.shape(), GetParam().shape);
}

INSTANTIATE_TEST_SUITE_P(
    Lexer, Words,
    testing::Values(
        // Separation.
        Case{"a b;", "[a][b];"}, Case{"a;b;", "[a]; [b];"}, Case{" a \t\r\n b ; ", "[a][b];"},
        Case{"a{b;}c;", "[a]{[b];} [c];"}, Case{"a b{}", "[a][b]{}"}, Case{"", ""}, Case{" \n ", ""},
        // Comments start words, not middles.
        Case{"# c\na; # d ; {\nb;", "[a]; [b];"}, Case{"a b#c d;", "[a][b#c][d];"},
        Case{"a # x\n b;", "[a][b];"}, Case{"a; # no line end", "[a];"},
        // Quotes.
        Case{"a \"b c\" 'd;{}';", "[a][b c][d;{}];"}, Case{"a \"\" '';", "[a][][];"},
        Case{"a \"it's\" 'say \"x\"';", "[a][it's][say \"x\"];"}, Case{"a b\"c\" d'e;", "[a][b\"c\"][d'e];"},
        Case{"a \"x\ny\";", "[a][x\ny];"}, Case{"a \"#x\";", "[a][#x];"},
        Case{"if ($a = \"b\") {}", "[if][($a][=][b][)]{}"}, Case{"a \"b\"{}", "[a][b]{}"},
        // Escapes.
        Case{R"(a \"b\" \'c;)", "[a][\"b\"]['c];"}, Case{R"(a "x\"y" 'x\'y';)", "[a][x\"y][x'y];"},
        Case{R"(a b\\c;)", "[a][b\\c];"}, Case{R"(a \t\r\n;)", "[a][\t\r\n];"},
        Case{R"(a "\tb\n";)", "[a][\tb\n];"}, Case{R"(a ^/\d+\.php$;)", "[a][^/\\d+\\.php$];"},
        Case{R"(a b\ c;)", "[a][b\\ c];"}, Case{R"(a b\;c;)", "[a][b\\;c];"},
        Case{R"(a b\{2;)", "[a][b\\{2];"}, Case{R"(a \#b;)", "[a][\\#b];"}, Case{R"(a "x\\";)", "[a][x\\];"},
        // Variables keep their braces; other braces inside a word open a block.
        Case{"a ${b}c $d;", "[a][${b}c][$d];"}, Case{"a x${b};", "[a][x${b}];"},
        Case{"a $b{c;}", "[a][$b]{[c];}"}, Case{"a b} c;", "[a][b}][c];"}, Case{"a $;", "[a][$];"},
        Case{"a $${b};", "[a][$${b}];"},
        // Not directives, but the same words.
        Case{"types { text/html html htm; }", "[types]{[text/html][html][htm];}"},
        Case{"map $a $b { default 0; ~^x{2} 1; } }", "[map][$a][$b]{[default][0]; [~^x]{[2}][1];}}"},
        // Files from elsewhere.
        Case{"a b;\r\nc {\r\n}\r\n", "[a][b]; [c]{}"},
        Case{"a \xC3\xA9\xFF\x01;", "[a][\xC3\xA9\xFF\x01];"}));

TEST(Lexer, KnowsWhereAWordStands) {
  Parsed parsed("a;\n  b \"c\nd\"\te;");
  const Node& node = parsed.tree.root.children[1];
  EXPECT_EQ(node.words[0].at.line, 2u);
  EXPECT_EQ(node.words[0].at.column, 3u);
  EXPECT_EQ(node.words[1].at.column, 5u);
  EXPECT_EQ(node.words[1].length, 5u);
  EXPECT_TRUE(node.words[1].quoted);
  EXPECT_EQ(node.words[2].at.line, 3u);
  EXPECT_EQ(node.words[2].at.column, 4u);
  EXPECT_FALSE(node.words[2].quoted);
}

TEST(Lexer, CountsLinesInsideEscapes) {
  Parsed parsed("a b\\\nc;\nd;");
  EXPECT_EQ(parsed.tree.root.children[1].words[0].at.line, 3u);
}

TEST(Lexer, BoundsAWord) {
  std::string longest(Lexer::kLongestWord, 'x');
  EXPECT_EQ(Parsed("a " + longest + ";").messages(), "");
  EXPECT_EQ(Parsed("a \"" + longest + "\";").messages(), "");
  EXPECT_EQ(Parsed("a " + longest + "x; b;").messages(),
            "1:3 too long parameter \"xxxxxxxxxx...\" started (at most 4096 bytes are allowed)");
  Parsed quoted("a \"" + longest + "x\";\nb;");
  EXPECT_EQ(quoted.messages(), "1:3 too long parameter, probably missing terminating \"\"\" character");
  EXPECT_EQ(quoted.shape(), "[b];");
}

TEST(Lexer, WantsABlankAfterAQuote) {
  Parsed parsed("a \"b\"c d;\ne;");
  EXPECT_EQ(parsed.messages(),
            "1:6 unexpected \"c\" (a quoted word must be followed by a blank, \";\" or \"{\")");
  EXPECT_EQ(parsed.shape(), "[e];");
}

TEST(Lexer, FindsWhereAQuoteWasLeftOpen) {
  Parsed parsed("a \"x;\nb \"y\";\nc;");
  EXPECT_EQ(parsed.messages(),
            "2:4 unexpected \"y\" (the quoted word started on line 1; is a closing \" missing there?)");
  EXPECT_EQ(parsed.shape(), "[b][y]; [c];");
}

TEST(Lexer, GoesOnAfterAQuoteOpenToTheEnd) {
  Parsed parsed("a { b 'x;\n c;\n}\nd \"{\n e; }");
  EXPECT_EQ(parsed.messages(),
            "1:7 unexpected end of file, expecting \";\" or \"}\" (this quote is never closed)\n"
            "4:3 unexpected end of file, expecting \";\" or \"}\" (this quote is never closed)");
  EXPECT_EQ(parsed.shape(), "[a]{[c];} [d]{[e];}");
}

TEST(Lexer, EndsAtAnyByte) {
  for (const char* text :
       {"a", "a \\", "a \"\\", "\"", "'", "$", "a ${", "${b", "\\", "a \"b\"", "a {", "{", "#"}) {
    Parsed parsed(text);
    EXPECT_LE(parsed.diagnostics.error_count(), 2u) << text;
  }
}

}  // namespace
}  // namespace sluice::conf::test
