#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "parse_helper.h"

namespace sluice::conf::test {
namespace {

struct Case {
  const char* text;
  const char* messages;
  const char* shape;
};

class Mistakes : public testing::TestWithParam<Case> {};

TEST_P(Mistakes, AreNamedAndRecoveredFrom) {
  Parsed parsed(GetParam().text);
  EXPECT_EQ(parsed.messages(), GetParam().messages);
  EXPECT_EQ(parsed.shape(), GetParam().shape);
}

INSTANTIATE_TEST_SUITE_P(
    Parser, Mistakes,
    testing::Values(
        Case{"a;;b;", "1:3 unexpected \";\"", "[a]; [b];"}, Case{"{ a; } b;", "1:1 unexpected \"{\"", "[b];"},
        Case{"a { b c } d;", "1:9 unexpected \"}\" (is a \";\" missing after \"c\"?)", "[a]{[b][c];} [d];"},
        Case{"a b", "1:1 unexpected end of file, expecting \";\" or \"}\" (this directive has no end)", ""},
        Case{"a {\n b c", "2:2 unexpected end of file, expecting \";\" or \"}\" (this directive has no end)",
             "[a]{}"},
        Case{"a {\n b { c; }\n",
             "3:1 unexpected end of file, expecting \"}\" (\"a\" of line 1 is not closed)", "[a]{[b]{[c];}}"},
        Case{"{ a { b; } { { c; } d; } }",
             "1:1 unexpected \"{\"\n1:12 unexpected \"{\"\n1:14 unexpected \"{\"", ""},
        Case{"}\n{ { a; } b { }\n{ } }",
             "1:1 unexpected \"}\" (no block is open here)\n2:1 unexpected \"{\"\n2:3 unexpected \"{\"\n3:1 "
             "unexpected \"{\"",
             ""},
        // What stands after a brace too many is read for mistakes, but its place is unknown.
        Case{"a { }\n}\nb;;", "2:1 unexpected \"}\" (no block is open here)\n3:3 unexpected \";\"", "[a]{}"},
        Case{"include;",
             "1:1 invalid number of arguments in \"include\" directive (syntax: include file | mask;)", ""},
        Case{"include a b;",
             "1:1 invalid number of arguments in \"include\" directive (syntax: include file | mask;)", ""},
        Case{"include a { b; } c;", "1:1 directive \"include\" is not terminated by \";\"", "[c];"},
        Case{"a { include b }", "1:15 unexpected \"}\" (is a \";\" missing after \"b\"?)", "[a]{}"},
        // Several in one run.
        Case{"a \"b\"c;\nd { e }\n;f;",
             "1:6 unexpected \"c\" (a quoted word must be followed by a blank, \";\" or \"{\")\n"
             "2:7 unexpected \"}\" (is a \";\" missing after \"e\"?)\n3:1 unexpected \";\"",
             "[d]{[e];} [f];"}));

TEST(Parser, SuspectsABraceInTheWrongColumn) {
  Parsed parsed("http {\n  server {\n    location / {\n      a;\n  }\n}\n");
  EXPECT_EQ(parsed.messages(),
            "7:1 unexpected end of file, expecting \"}\" (the \"}\" on line 5 closes \"location\" of line 3; "
            "the mistake "
            "may be there)");
  EXPECT_FALSE(parsed.tree.balanced);
}

TEST(Parser, BoundsTheDepthOfBlocks) {
  std::string deep;
  for (int i = 0; i < 128; ++i) { deep += "a{"; }
  EXPECT_EQ(Parsed(deep + std::string(128, '}')).messages(), "");
  Parsed deeper(deep + "a{" + std::string(129, '}'));
  EXPECT_EQ(deeper.messages(), "1:258 blocks are nested too deeply (at most 128 levels are allowed)");
  std::string deepest(1000000, '{');
  EXPECT_EQ(Parsed(deepest).diagnostics.error_count(), 129u);
}

TEST(Parser, RefusesWhatIsNoText) {
  EXPECT_EQ(Parsed(std::string("a;\nb\0c;", 7)).messages(),
            "2:2 unexpected NUL character (this is no text file)");
  EXPECT_EQ(Parsed(std::string("\xFF\xFE"
                               "a\0;\0",
                               6))
                .messages(),
            "1:4 unexpected NUL character (the file is UTF-16; save it as UTF-8)");
}

TEST(Parser, NamesTheCommandLine) {
  Tree tree;
  Diagnostics diagnostics;
  parse_text(tree, "command line", "daemon off; user", {}, diagnostics);
  EXPECT_EQ(shape(tree.root), "[daemon][off];");
  EXPECT_EQ(Diagnostics::line(diagnostics.all().at(0)),
            "unexpected end of parameter, expecting \";\" in command line");
}

class Files : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/conf_test.XXXXXX";
    folder_ = std::string(mkdtemp(pattern)) + "/";
  }
  void TearDown() override { ASSERT_EQ(system(("rm -rf " + folder_).c_str()), 0); }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ + name) << text; }
  // The tree's shape, or the messages with the folder cut out.
  std::string parse(const std::string& name) {
    Diagnostics diagnostics;
    tree_ = parse_file(folder_ + name, {folder_}, diagnostics);
    if (!diagnostics.failed()) { return shape(tree_.root); }
    std::string out = messages(diagnostics);
    for (size_t at; (at = out.find(folder_)) != std::string::npos;) { out.erase(at, folder_.size()); }
    return out;
  }
  std::string folder_;
  Tree tree_;
};

TEST_F(Files, AreIncludedInPlaceInAnyBlock) {
  write("main", "a; x { include sub; } b;");
  write("sub", "c { d; }");
  EXPECT_EQ(parse("main"), "[a]; [x]{[c]{[d];}} [b];");
  ASSERT_EQ(tree_.files.size(), 2u);
  EXPECT_EQ(tree_.files[0]->path, folder_ + "main");
  EXPECT_EQ(tree_.files[1]->path, folder_ + "sub");
}

TEST_F(Files, OfAMaskAreSorted) {
  write("main", "include *.conf; include " + folder_ + "*.none;");
  write("c.conf", "c;");
  write("a.conf", "a;");
  write("b.conf", "b;");
  EXPECT_EQ(parse("main"), "[a]; [b]; [c];");
}

TEST_F(Files, IncludedTwiceAreReadOnce) {
  write("main", "x { include sub; } y { include sub; }");
  write("sub", "c;");
  EXPECT_EQ(parse("main"), "[x]{[c];} [y]{[c];}");
  EXPECT_EQ(tree_.files.size(), 2u);
}

TEST_F(Files, ThatCannotBeReadAreNamedWithTheReason) {
  write("main", "include none; include .;");
  EXPECT_EQ(parse("main"),
            "1:9 open() \"none\" failed (2: No such file or directory)\n1:23 read() \".\" failed (21: Is a "
            "directory)");
  EXPECT_EQ(parse("absent"), "0:0 open() \"absent\" failed (2: No such file or directory)");
}

TEST_F(Files, DoNotIncludeThemselves) {
  write("main", "a; include sub;");
  write("sub", "b; include main;");
  EXPECT_EQ(parse("main"), "1:12 file \"main\" includes itself");
}

TEST_F(Files, NestOnlySoDeep) {
  for (int i = 0; i < 40; ++i) { write("f" + std::to_string(i), "include f" + std::to_string(i + 1) + ";"); }
  write("f40", "a;");
  EXPECT_EQ(parse("f0"), "1:9 includes are nested more than 32 deep");
  EXPECT_EQ(parse("f20"), "[a];");
}

TEST_F(Files, MustBalanceTheirBraces) {
  write("main", "a { include open; }");
  write("open", "b {");
  EXPECT_EQ(parse("main"), "1:4 unexpected end of file, expecting \"}\" (\"b\" of line 1 is not closed)");
  write("open", "b; }");
  EXPECT_EQ(parse("main"), "1:4 unexpected \"}\" (no block is open here)");
}

TEST_F(Files, MayStartWithAByteOrderMark) {
  write("main",
        "\xEF\xBB\xBF"
        "a b;\r\n");
  EXPECT_EQ(parse("main"), "[a][b];");
  EXPECT_EQ(tree_.root.children[0].words[0].at.column, 1u);
}

}  // namespace
}  // namespace sluice::conf::test
