#include "conf/format.h"

#include <gtest/gtest.h>

#include <random>

#include "conf/gap.h"
#include "conf/lexer.h"
#include "parse_helper.h"

namespace sluice::conf {
namespace {

std::string formatted(const std::string& text) {
  Formatted out = format_text("test.conf", text);
  return out.diagnostics.failed() ? "broken: " + test::messages(out.diagnostics) : out.text;
}

// Words, quotes and all, with the shape of the blocks.
std::string meaning(const Node& node) {
  std::string out;
  for (const Node& child : node.children) {
    for (const Word& word : child.words) { out += (word.quoted ? "q[" : "[") + word.text + "]"; }
    out += child.block ? "{" + meaning(child) + "}" : ";";
  }
  return out;
}

std::string comments(const std::string& text) {
  SourceFile file{"test.conf", text};
  Diagnostics ignored;
  Lexer lexer(file, ignored);
  std::string out;
  size_t last = 0, newlines = 0;
  for (Token token = Token::word; token != Token::end; last = lexer.end()) {
    token = lexer.next();
    each_comment(
        std::string_view(text).substr(last, lexer.begin() - last),
        [&](const Comment& comment) { out += std::string(comment.text) + "\n"; }, newlines);
  }
  return out;
}

void expect_kept(const std::string& text) {
  Formatted once = format_text("test.conf", text);
  if (once.diagnostics.failed()) { return; }
  Formatted twice = format_text("test.conf", once.text);
  ASSERT_FALSE(twice.diagnostics.failed()) << text << "\nbecame\n" << once.text;
  EXPECT_EQ(twice.text, once.text) << text;
  EXPECT_EQ(meaning(twice.tree.root), meaning(once.tree.root)) << text << "\nbecame\n" << once.text;
  EXPECT_EQ(comments(once.text), comments(text));
}

TEST(Format, IndentsAndSeparates) {
  EXPECT_EQ(formatted("a  b;c{d{e;}}"), "a b;\nc {\n    d {\n        e;\n    }\n}\n");
  EXPECT_EQ(formatted("a\n{\n}\nb { # x\n}"), "a {}\nb { # x\n}\n");
  EXPECT_EQ(formatted("a\r\n  b ;\r\n"), "a b;\n");
  EXPECT_EQ(formatted(""), "");
  EXPECT_EQ(formatted(" \n\n"), "");
}

TEST(Format, KeepsAtMostOneEmptyLine) {
  EXPECT_EQ(formatted("\n\na;\n\n\n\nb;\nc {\n\n\nd;\n\n}\n\n"), "a;\n\nb;\nc {\n    d;\n}\n");
}

TEST(Format, KeepsCommentsWhereTheyAre) {
  EXPECT_EQ(formatted("#1\na; #2  \n  #3\n\n\n#4\nb {#5\n#6\n}#7\n#8"),
            "#1\na; #2\n#3\n\n#4\nb { #5\n    #6\n} #7\n#8\n");
  EXPECT_EQ(formatted("a b #1\nc\n#2\n;"), "a b #1\n    c\n    #2\n    ;\n");
  EXPECT_EQ(formatted("a #1\n{}"), "a #1\n    {}\n");
}

TEST(Format, KeepsQuotesAndEscapes) {
  EXPECT_EQ(formatted("a 'b  \"c' \"d\\\"\"  e\\ f \\;;"), "a 'b  \"c' \"d\\\"\" e\\ f \\;;\n");
  EXPECT_EQ(formatted("if ($a = \"b\") {}"), "if ($a = \"b\") {}\n");
  EXPECT_EQ(formatted("location ~ \\.php$ { a ${b}c; }"), "location ~ \\.php$ {\n    a ${b}c;\n}\n");
  EXPECT_EQ(formatted("a ${env:SLUICE_UNSET} '${env:X:-y z}'  \\${env:;"),
            "a ${env:SLUICE_UNSET} '${env:X:-y z}' \\${env:;\n");
  EXPECT_EQ(formatted("b{a \"x\n  y\"   z;}"), "b {\n    a \"x\n  y\" z;\n}\n");
}

TEST(Format, WrapsWhatIsLong) {
  std::string word(40, 'w');
  EXPECT_EQ(formatted("a " + word + " " + word + " " + word + ";"),
            "a " + word + " " + word + "\n    " + word + ";\n");
  EXPECT_EQ(formatted("a\n  b\n  c;"), "a b c;\n");
  EXPECT_EQ(formatted("log_format m 'a'\n   'b';"), "log_format m 'a'\n    'b';\n");
}

TEST(Format, RefusesBrokenSyntax) {
  EXPECT_EQ(formatted("a;;"), "broken: 1:3 unexpected \";\"");
  EXPECT_EQ(formatted("a {"),
            "broken: 1:4 unexpected end of file, expecting \"}\" (\"a\" of line 1 is not closed)");
  EXPECT_EQ(formatted("a 'b;"),
            "broken: 1:3 unexpected end of file, expecting \";\" or \"}\" (this quote is never closed)");
}

TEST(Format, NeverChangesTheMeaning) {
  static const std::string kParts[] = {"a",       "bc",    "'q w'",     "\"x\\\"\n y\"",
                                       "${v}",    "$",     "\\ ",       "\\\n",
                                       "(",       ")",     ";",         ";",
                                       ";\n",     " {",    " {\n",      "}",
                                       "}\n",     " ",     "\n",        "\n\n\n",
                                       "# c\n",   " #d\n", "\t",        "\r\n",
                                       "include", "é",     "#{;}'\"\n", "long_word_of_some_length"};
  std::mt19937 random(7);
  for (int round = 0; round < 30'000; ++round) {
    std::string text;
    size_t depth = 0;
    for (size_t parts = random() % 40; parts > 0; --parts) {
      const std::string& part = kParts[random() % std::size(kParts)];
      depth += part.starts_with(" {") ? 1 : 0;
      text += part;
    }
    // Most of what chance makes is not balanced.
    text += ";\n";
    for (size_t i = random() % (depth + 1); i > 0; --i) { text += "}"; }
    expect_kept(text);
    if (HasFailure()) { return; }
  }
}

// What chance makes seldom has good syntax: a tree written with odd blanks always has.
std::string random_blank(std::mt19937& random) {
  static const std::string kBlanks[] = {" ", "  ", "\n", "\n\n\n", "\t", " # c\n", "\n  # d  \n", "\r\n"};
  return kBlanks[random() % std::size(kBlanks)];
}

std::string random_block(std::mt19937& random, int depth) {
  static const std::string kWords[] = {
      "listen",  "80",    "'a  b'", "\"c\nd\"",
      "\\.php$", "${x}y", "e\\;",   "a-rather-long-word-that-makes-lines-too-long.example.com"};
  std::string out;
  for (size_t i = random() % 4; i > 0; --i) {
    out += random_blank(random);
    for (size_t words = 1 + random() % 7; words > 0; --words) {
      out += kWords[random() % std::size(kWords)] + random_blank(random);
    }
    bool block = depth < 3 && random() % 3 == 0;
    out += block ? "{" + random_block(random, depth + 1) + "}" : ";";
    out += random() % 2 == 0 ? random_blank(random) : "";
  }
  return out;
}

TEST(Format, NeverChangesTheMeaningOfGoodFiles) {
  std::mt19937 random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string text = random_block(random, 0);
    ASSERT_FALSE(format_text("test.conf", text).diagnostics.failed()) << text;
    expect_kept(text);
    if (HasFailure()) { return; }
  }
}

}  // namespace
}  // namespace sluice::conf
