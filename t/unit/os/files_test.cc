#include "os/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sluice::os {
namespace {

struct OsFiles : testing::Test {
  void SetUp() override {
    char name[] = "/tmp/sluice-unit-XXXXXX";
    folder = mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::string path(const std::string& name) const { return folder + "/" + name; }
  static std::string read(const std::string& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }
  std::string folder;
};

TEST_F(OsFiles, OneLogFileForAPath) {
  auto a = open_log(path("a.log"));
  EXPECT_EQ(a, open_log(path("a.log")));
  EXPECT_NE(a, open_log(path("b.log")));
  EXPECT_FALSE(std::filesystem::exists(path("a.log")));
  ASSERT_TRUE(open_pending());
  EXPECT_GE(a->fd, 0);
}

TEST_F(OsFiles, ALogThatCannotBeOpenedIsAFailure) {
  auto file = open_log(path("none/a.log"));
  EXPECT_FALSE(open_pending());
}

TEST_F(OsFiles, ReopeningKeepsTheDescriptorAndFindsTheNewFile) {
  auto file = open_log(path("a.log"));
  ASSERT_TRUE(open_pending());
  int fd = file->fd;
  ASSERT_EQ(write(fd, "old\n", 4), 4);
  std::filesystem::rename(path("a.log"), path("a.log.1"));
  reopen_all(nullptr);
  EXPECT_EQ(file->fd, fd);
  ASSERT_EQ(write(fd, "new\n", 4), 4);
  EXPECT_EQ(read(path("a.log")), "new\n");
  EXPECT_EQ(read(path("a.log.1")), "old\n");
}

TEST_F(OsFiles, ALogThatCannotBeReopenedGoesOn) {
  std::filesystem::create_directory(path("sub"));
  auto file = open_log(path("sub/a.log"));
  ASSERT_TRUE(open_pending());
  std::filesystem::rename(path("sub"), path("moved"));
  reopen_all(nullptr);
  ASSERT_EQ(write(file->fd, "x\n", 2), 2);
  EXPECT_EQ(read(path("moved/a.log")), "x\n");
}

TEST_F(OsFiles, TemporaryFilesHaveANameWhenAskedFor) {
  auto unnamed = make_temp_file(folder, nullptr);
  ASSERT_TRUE(unnamed);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::string name;
  auto named = make_temp_file(folder, &name);
  ASSERT_TRUE(named);
  EXPECT_TRUE(std::filesystem::exists(name));
  EXPECT_FALSE(make_temp_file(path("none"), nullptr));
  EXPECT_FALSE(make_temp_file(path("none"), &name));
  close(*unnamed);
  close(*named);
}

TEST_F(OsFiles, FoldersAreMadeWithTheirParents) {
  ASSERT_TRUE(make_directory(path("a/b/c"), nullptr));
  struct stat about {};
  ASSERT_EQ(stat(path("a/b/c").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700u);
  EXPECT_TRUE(make_directory(path("a/b/c/"), nullptr)) << "it may be there";
  std::ofstream(path("file")) << "x";
  EXPECT_FALSE(make_directory(path("file/sub"), nullptr));
}

TEST_F(OsFiles, ThePidFileIsWrittenAndReplaced) {
  ASSERT_TRUE(write_pid_file(path("x.pid"), 4711));
  EXPECT_EQ(read(path("x.pid")), "4711\n");
  ASSERT_TRUE(write_pid_file(path("x.pid"), 12));
  EXPECT_EQ(read(path("x.pid")), "12\n");
  EXPECT_FALSE(write_pid_file(path("none/x.pid"), 1));
}

TEST_F(OsFiles, ADeviceStaysADevice) {
  std::filesystem::create_symlink("/dev/null", path("null"));
  EXPECT_TRUE(write_pid_file(path("null"), 1));
  EXPECT_TRUE(std::filesystem::is_symlink(path("null")));
}

}  // namespace
}  // namespace sluice::os
