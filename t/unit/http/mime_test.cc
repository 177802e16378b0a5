#include "http/mime.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace sluice::http {
namespace {

TEST(MimeTypes, extension_of_the_last_segment) {
  const MimeTypes& types = MimeTypes::built_in();
  EXPECT_EQ(types.find("/a/b.html"), "text/html");
  EXPECT_EQ(types.find("/a/b.JPG"), "image/jpeg");
  EXPECT_EQ(types.find("/a.gif/b"), "");
  EXPECT_EQ(types.find("/a.html."), "");
  EXPECT_EQ(types.find("/.html"), "text/html");
  EXPECT_EQ(types.find("html"), "");
  EXPECT_EQ(types.find("/a.tar.gif"), "image/gif");
  EXPECT_EQ(types.find("/a." + std::string(5000, 'x')), "");
  EXPECT_EQ(types.find(""), "");
}

TEST(MimeTypes, the_last_type_stays) {
  MimeTypes types;
  EXPECT_TRUE(types.empty());
  EXPECT_TRUE(types.add("text/x-long", "a"));
  EXPECT_TRUE(types.add("text/x", "b"));
  EXPECT_FALSE(types.add("text/y", "A"));
  EXPECT_EQ(types.find_extension("a"), "text/y");
  EXPECT_EQ(types.find_extension("b"), "text/x");
}

TEST(MimeTypes, the_shipped_file_names_each_extension_once) {
  std::ifstream file("conf/mime.types");
  if (!file) { GTEST_SKIP() << "not run from the top of the tree"; }
  MimeTypes types;
  std::string line;
  size_t rows = 0;
  while (std::getline(file, line)) {
    if (line[0] == '#' || line.find(';') == std::string::npos) { continue; }
    std::istringstream words(line.substr(0, line.find(';')));
    std::string type, extension;
    words >> type;
    while (words >> extension) { EXPECT_TRUE(types.add(type, extension)) << extension; }
    ++rows;
  }
  EXPECT_GT(rows, 90u);
  EXPECT_EQ(types.find("/app.mjs"), "text/javascript");
  EXPECT_EQ(types.find("/x.woff2"), "font/woff2");
}

}  // namespace
}  // namespace sluice::http
