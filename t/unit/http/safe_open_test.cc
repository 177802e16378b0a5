#include "http/safe_open.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace sluice::http {
namespace {

namespace fs = std::filesystem;

class SafeOpen : public testing::Test {
 protected:
  SafeOpen() {
    char name[] = "/tmp/safe-open-XXXXXX";
    folder_ = fs::canonical(mkdtemp(name)).string();
    fs::create_directories(at("real/sub"));
    std::ofstream(at("real/sub/file")) << "x";
    fs::create_symlink("sub", at("real/folder"));
    fs::create_symlink("sub/file", at("real/file"));
    fs::create_symlink(at("real"), at("link"));
    fs::create_symlink("nowhere", at("real/broken"));
    fs::create_symlink("loop", at("real/loop"));
  }
  ~SafeOpen() override { fs::remove_all(folder_); }
  std::string at(const std::string& name) const { return folder_ + "/" + name; }
  // "": it opens.
  std::string opens(const std::string& name, Symlinks rule, const std::string& from = {},
                    int flags = O_RDONLY) {
    std::string path = at(name);
    int fd = open_path({path.c_str(), rule, from.empty() ? 0 : trusted_part(path, at(from))}, flags);
    if (fd < 0) { return strerrorname_np(errno); }
    ::close(fd);
    return "";
  }
  std::string folder_;
};

TEST_F(SafeOpen, links_are_refused_wherever_they_are) {
  EXPECT_EQ(opens("real/sub/file", Symlinks::refuse), "");
  EXPECT_EQ(opens("real//sub/./file", Symlinks::refuse), "");
  EXPECT_EQ(opens("real/sub/", Symlinks::refuse), "");
  EXPECT_EQ(opens("real/file", Symlinks::refuse), "ELOOP");
  EXPECT_EQ(opens("real/broken", Symlinks::refuse), "ELOOP");
  EXPECT_EQ(opens("real/folder", Symlinks::refuse), "ELOOP");
  EXPECT_EQ(opens("real/folder/", Symlinks::refuse), "ENOTDIR");
  EXPECT_EQ(opens("real/folder/file", Symlinks::refuse), "ENOTDIR");
  EXPECT_EQ(opens("link/sub/file", Symlinks::refuse), "ENOTDIR");
  EXPECT_EQ(opens("real/sub/file/", Symlinks::refuse), "ENOTDIR");
  EXPECT_EQ(opens("real/none", Symlinks::refuse), "ENOENT");
  EXPECT_EQ(opens("real/folder/file", Symlinks::follow), "");
  EXPECT_EQ(opens("real/file", Symlinks::refuse, "", O_PATH), "ELOOP");
}

TEST_F(SafeOpen, a_trusted_beginning) {
  EXPECT_EQ(opens("link/sub/file", Symlinks::refuse, "link"), "");
  EXPECT_EQ(opens("link/sub/file", Symlinks::refuse, "link/"), "");
  EXPECT_EQ(opens("link/sub/file", Symlinks::refuse, "lin"), "ENOTDIR");
  EXPECT_EQ(opens("link/folder/file", Symlinks::refuse, "link"), "ENOTDIR");
  EXPECT_EQ(opens("real/file", Symlinks::refuse, "real/file"), "");
  EXPECT_EQ(opens("link/", Symlinks::refuse, "link"), "");
  EXPECT_EQ(opens("link/sub/file", Symlinks::refuse, "elsewhere"), "ENOTDIR");
}

TEST_F(SafeOpen, links_of_the_same_owner) {
  EXPECT_EQ(opens("real/sub/file", Symlinks::same_owner), "");
  EXPECT_EQ(opens("real/folder/file", Symlinks::same_owner), "");
  EXPECT_EQ(opens("link/file", Symlinks::same_owner), "");
  EXPECT_EQ(opens("real/broken", Symlinks::same_owner), "ENOENT");
  EXPECT_EQ(opens("real/loop", Symlinks::same_owner), "ELOOP");
  if (geteuid() != 0) { GTEST_SKIP() << "only root can give files away"; }
  ASSERT_EQ(lchown(at("real/folder").c_str(), 12345, 12345), 0);
  EXPECT_EQ(opens("real/folder/file", Symlinks::same_owner), "ELOOP");
  EXPECT_EQ(opens("real/folder", Symlinks::same_owner), "ELOOP");
  ASSERT_EQ(chown(at("real/sub").c_str(), 12345, 12345), 0);
  EXPECT_EQ(opens("real/folder/file", Symlinks::same_owner), "");
  ASSERT_EQ(lchown(at("real/file").c_str(), 12345, 12345), 0);
  EXPECT_EQ(opens("real/file", Symlinks::same_owner), "ELOOP");
}

}  // namespace
}  // namespace sluice::http
