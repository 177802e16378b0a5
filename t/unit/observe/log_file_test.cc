// When lines leave: buffers, timers, failures; and which files stay open.
#include "observe/log_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/clock.h"
#include "observe/gzip_member.h"
#include "observe/log_file_cache.h"

namespace sluice::observe {
namespace {

struct Folder : testing::Test {
  void SetUp() override {
    char name[] = "/tmp/sluice-unit-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder = name;
  }
  void TearDown() override { [[maybe_unused]] int done = system(("rm -r " + folder).c_str()); }
  std::string path(const char* name) const { return folder + "/" + name; }
  std::string text(const char* name) const {
    std::ifstream in(path(name));
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  std::string folder;
};

struct LogFileTest : Folder {
  LogFile& open(const Buffering& buffering, const char* name = "log") {
    auto opened = std::make_shared<log::File>();
    opened->path = path(name);
    opened->fd = ::open(opened->path.c_str(), O_WRONLY | O_APPEND | O_CREAT, 0600);
    fd = opened->fd;
    file.open(opened, buffering);
    return file;
  }
  void TearDown() override {
    file.flush();
    ::close(fd);
    Folder::TearDown();
  }
  void line(std::string_view text) {
    std::string& made = file.begin();
    made += text;
    made += '\n';
    file.commit();
  }
  LogFile file;
  int fd = -1;
};

TEST_F(LogFileTest, WithoutABufferLinesLeaveTogetherAtTheEndOfTheTurn) {
  open({});
  line("a");
  line("b");
  EXPECT_EQ(text("log"), "");
  event::Loop::current().turn(0);
  EXPECT_EQ(text("log"), "a\nb\n");
}

TEST_F(LogFileTest, WithABufferLinesLeaveWhenItIsFull) {
  open({10, 0, 0});
  line("1234");
  line("5678");
  event::Loop::current().turn(0);
  EXPECT_EQ(text("log"), "");
  line("9");
  EXPECT_EQ(text("log"), "1234\n5678\n");
  line("longer than all of it");
  EXPECT_EQ(text("log"), "1234\n5678\n9\nlonger than all of it\n");
}

TEST_F(LogFileTest, TheOldestLineSetsTheTime) {
  open({1000, 30, 0});
  line("a");
  uint64_t end = clock::now() + 5000;
  while (text("log").empty() && clock::now() < end) { event::Loop::current().turn(10); }
  EXPECT_EQ(text("log"), "a\n");
}

TEST_F(LogFileTest, LinesThatCannotBeWrittenAreLost) {
  open({});
  int full = ::open("/dev/full", O_WRONLY);
  if (full < 0) { GTEST_SKIP(); }
  dup2(full, fd);
  ::close(full);
  log::Log before = log::main_log();
  log::set_main_log(log::Log());
  line("a");
  file.flush();
  log::set_main_log(before);
  dup2(::open(path("log").c_str(), O_WRONLY | O_APPEND), fd);
  line("b");
  file.flush();
  EXPECT_EQ(text("log"), "b\n");
}

TEST_F(LogFileTest, AllAreFlushedAtOnce) {
  open({1000, 0, 0});
  line("a");
  flush_access_logs();
  EXPECT_EQ(text("log"), "a\n");
}

TEST_F(LogFileTest, GzipMembersMakeOneFile) {
  open({1000, 0, 6});
  line("first");
  file.flush();
  line("second");
  file.flush();
  gzFile in = gzopen(path("log").c_str(), "rb");
  char read[100] = "";
  EXPECT_EQ(gzread(in, read, sizeof read), 13);
  EXPECT_STREQ(read, "first\nsecond\n");
  gzclose(in);
}

struct CacheTest : Folder {
  CacheTest() { clock::refresh(); }
};

TEST_F(CacheTest, KeepsTheMostRecentlyUsedOpen) {
  LogFileCache cache({2, 10'000, 60'000, 1});
  for (const char* name : {"a", "b", "a", "c", "a"}) { cache.append(path(name), "x\n"); }
  EXPECT_EQ(cache.open_files(), 2u);
  EXPECT_EQ(text("a"), "x\nx\nx\n");
  EXPECT_EQ(text("b"), "x\n");
  EXPECT_EQ(text("c"), "x\n");
  LogFileCache::close_all();
  EXPECT_EQ(cache.open_files(), 0u);
}

TEST_F(CacheTest, OpensAfterEnoughUses) {
  LogFileCache cache({2, 10'000, 60'000, 2});
  cache.append(path("a"), "1\n");
  EXPECT_EQ(cache.open_files(), 0u);
  cache.append(path("a"), "2\n");
  EXPECT_EQ(cache.open_files(), 1u);
  EXPECT_EQ(text("a"), "1\n2\n");
}

TEST_F(CacheTest, ClosesWhatIsNotUsed) {
  LogFileCache cache({5, 1, 60'000, 1});
  cache.append(path("a"), "x\n");
  usleep(5000);
  clock::refresh();
  cache.append(path("b"), "x\n");
  EXPECT_EQ(cache.open_files(), 1u);
}

TEST_F(CacheTest, NoticesAFileMovedAwayOnceItIsChecked) {
  LogFileCache cache({5, 10'000, 1, 1});
  cache.append(path("a"), "1\n");
  ASSERT_EQ(rename(path("a").c_str(), path("b").c_str()), 0);
  usleep(5000);
  clock::refresh();
  cache.append(path("a"), "2\n");
  EXPECT_EQ(text("b"), "1\n");
  EXPECT_EQ(text("a"), "2\n");
}

}  // namespace
}  // namespace sluice::observe
