#include "conf/diagnostics.h"

#include <gtest/gtest.h>

namespace sluice::conf {
namespace {

Word word_at(const SourceFile& file, uint32_t line, uint32_t column, uint32_t length) {
  Word word;
  word.at = {&file, line, column};
  word.length = length;
  return word;
}

TEST(Diagnostics, ShowLineAndCaret) {
  SourceFile file{"/etc/sluice.conf", "http {\n\tproxy_pas http://backend;\r\n}\n"};
  Diagnostics diagnostics;
  diagnostics.error(word_at(file, 2, 2, 9), "unknown directive \"proxy_pas\"",
                    "did you mean \"proxy_pass\"?");
  EXPECT_EQ(diagnostics.render(),
            "sluice: [emerg] unknown directive \"proxy_pas\" in /etc/sluice.conf:2\n"
            "  /etc/sluice.conf:2:2: did you mean \"proxy_pass\"?\n"
            "  2 | \tproxy_pas http://backend;\n"
            "    | \t^~~~~~~~~\n");
  EXPECT_TRUE(diagnostics.failed());
}

TEST(Diagnostics, WithoutHintOrPlace) {
  SourceFile file{"f", "abc"};
  Diagnostics diagnostics;
  diagnostics.warn(word_at(file, 1, 3, 1), "odd");
  EXPECT_FALSE(diagnostics.failed());
  diagnostics.error(Position{}, "open() failed");
  EXPECT_EQ(diagnostics.render(),
            "sluice: [warn] odd in f:1\n"
            "  f:1:3\n"
            "  1 | abc\n"
            "    |   ^\n"
            "sluice: [emerg] open() failed\n");
}

TEST(Diagnostics, AlignUnderWideCharactersAndHideControls) {
  SourceFile file{"f", "\xC3\xA9t\xC3\xA9 \x1B[31m\xFF b;"};
  Diagnostics diagnostics;
  diagnostics.error(word_at(file, 1, 14, 1), "bad \"\x1B[2J\"");
  EXPECT_EQ(diagnostics.render(),
            "sluice: [emerg] bad \"?[2J\" in f:1\n"
            "  f:1:14\n"
            "  1 | \xC3\xA9t\xC3\xA9 ?[31m? b;\n"
            "    |           "
            " ^\n");
}

TEST(Diagnostics, ShowAWindowOfALongLine) {
  SourceFile file{"f", std::string(1000, 'x') + " wrong " + std::string(1000, 'y')};
  Diagnostics diagnostics;
  diagnostics.error(word_at(file, 1, 1002, 5), "e");
  std::string shown = diagnostics.render();
  EXPECT_LT(shown.size(), 400u);
  EXPECT_NE(shown.find("x wrong y"), std::string::npos);
  EXPECT_NE(shown.find(" ^~~~~\n"), std::string::npos);
}

TEST(Diagnostics, ShowALongLineOfStrayBytes) {
  SourceFile file{"f", std::string(1000, '\xB4')};
  Diagnostics diagnostics;
  diagnostics.error(word_at(file, 1, 900, 5), "e");
  EXPECT_NE(diagnostics.render().find("?????\n"), std::string::npos);
}

TEST(Diagnostics, EndWithTheLineWhenTheWordGoesOn) {
  SourceFile file{"f", "a \"b\nc\";"};
  Diagnostics diagnostics;
  diagnostics.error(word_at(file, 1, 3, 5), "e");
  EXPECT_NE(diagnostics.render().find("\n    |   ^~\n"), std::string::npos) << diagnostics.render();
}

TEST(Diagnostics, ComeInTheOrderOfTheFile) {
  SourceFile file{"f", "a\nb\nc\n"};
  Diagnostics diagnostics;
  diagnostics.error(word_at(file, 3, 1, 1), "third");
  diagnostics.error(word_at(file, 1, 1, 1), "first");
  std::string shown = diagnostics.render();
  EXPECT_LT(shown.find("first"), shown.find("third"));
}

TEST(Diagnostics, SayEachThingOnce) {
  SourceFile file{"f", "a"};
  Diagnostics diagnostics;
  diagnostics.error(word_at(file, 1, 1, 1), "e");
  diagnostics.error(word_at(file, 1, 1, 1), "e");
  EXPECT_EQ(diagnostics.error_count(), 1u);
}

TEST(Diagnostics, AreBounded) {
  SourceFile file{"f", "a"};
  Diagnostics diagnostics;
  for (uint32_t i = 0; i < 150; ++i) { diagnostics.warn(word_at(file, 1, i + 1, 1), "w"); }
  for (uint32_t i = 0; i < 150; ++i) { diagnostics.error(word_at(file, 1, i + 1, 1), "e"); }
  EXPECT_EQ(diagnostics.error_count(), 150u);
  EXPECT_EQ(diagnostics.all().size(), 200u);
  EXPECT_TRUE(diagnostics.render().ends_with("sluice: [emerg] … and 50 more\n"));
}

TEST(Diagnostics, CutALongMessage) {
  SourceFile file{"f", "a"};
  Diagnostics diagnostics;
  diagnostics.error(word_at(file, 1, 1, 1), std::string(10000, 'x'));
  EXPECT_LT(Diagnostics::line(diagnostics.all()[0]).size(), 600u);
}

TEST(Nearest, FindsTypingMistakesOnly) {
  std::vector<std::string_view> names = {"proxy_pass", "listen", "root", "server_name", "gzip", "if"};
  EXPECT_EQ(nearest("proxy_pas", names), "proxy_pass");
  EXPECT_EQ(nearest("lisetn", names), "listen");
  EXPECT_EQ(nearest("servername", names), "server_name");
  EXPECT_EQ(nearest("Listen", names), "listen");
  EXPECT_EQ(nearest("rot", names), "root");
  EXPECT_EQ(nearest("xy", names), "");
  EXPECT_EQ(nearest("", names), "");
  EXPECT_EQ(nearest("complete_nonsense", names), "");
  EXPECT_EQ(nearest(std::string(5000, 'a'), names), "");
}

}  // namespace
}  // namespace sluice::conf
