#include "http/file_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sluice::http {
namespace {

class FileCacheTest : public testing::Test {
 protected:
  FileCacheTest() {
    char name[] = "/tmp/file-cache-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~FileCacheTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(path("new")) << text;
    std::filesystem::rename(path("new"), path(name));
  }
  FoundFile find(FileCache& cache, const std::string& name, uint64_t now, bool open = true) {
    std::string whole = path(name);
    return cache.find(whole, {whole.c_str(), Symlinks::follow, 0}, open, rules_, now);
  }
  std::string read(FileCache& cache, const std::string& name, uint64_t now) {
    FoundFile found = find(cache, name, now);
    if (found.error != 0) { return strerrorname_np(found.error); }
    char text[100];
    ssize_t size = ::pread(found.file.fd(), text, sizeof text, 0);
    EXPECT_EQ(size, found.status.size);
    return {text, static_cast<size_t>(size)};
  }
  static size_t descriptors() {
    size_t count = 0;
    for ([[maybe_unused]] auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) { ++count; }
    return count;
  }

  std::string folder_;
  FileCache::Rules rules_{1000, 1, false};
};

TEST_F(FileCacheTest, what_is_known_is_true_for_a_while) {
  FileCache cache(10, 60'000);
  write("a", "one");
  EXPECT_EQ(read(cache, "a", 5000), "one");
  write("a", "second");
  EXPECT_EQ(read(cache, "a", 5999), "one");
  EXPECT_EQ(read(cache, "a", 6000), "second");
  std::filesystem::remove(path("a"));
  EXPECT_EQ(read(cache, "a", 6999), "second");
  EXPECT_EQ(read(cache, "a", 7000), "ENOENT");
  EXPECT_EQ(cache.size(), 0u);
}

TEST_F(FileCacheTest, a_file_that_stays_keeps_its_descriptor) {
  FileCache cache(10, 60'000);
  write("a", "one");
  int fd = find(cache, "a", 0).file.fd();
  EXPECT_EQ(find(cache, "a", 500).file.fd(), fd);
  EXPECT_EQ(find(cache, "a", 5000).file.fd(), fd);
}

TEST_F(FileCacheTest, the_one_not_used_longest_leaves) {
  FileCache cache(2, 60'000);
  size_t before = descriptors();
  for (const char* name : {"a", "b", "c"}) { write(name, name); }
  read(cache, "a", 0);
  read(cache, "b", 1);
  read(cache, "a", 2);
  read(cache, "c", 3);
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_EQ(descriptors(), before + 2);
  write("a", "other");
  write("b", "other");
  EXPECT_EQ(read(cache, "a", 4), "a");
  EXPECT_EQ(read(cache, "b", 5), "other");
}

TEST_F(FileCacheTest, what_nobody_asks_for_leaves) {
  FileCache cache(10, 2000);
  size_t before = descriptors();
  for (const char* name : {"a", "b", "c"}) {
    write(name, name);
    read(cache, name, 0);
  }
  EXPECT_EQ(descriptors(), before + 3);
  read(cache, "c", 1999);
  EXPECT_EQ(cache.size(), 3u);
  read(cache, "c", 2000);
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(descriptors(), before + 1);
}

TEST_F(FileCacheTest, errors_are_remembered_when_asked_for) {
  FileCache cache(10, 60'000);
  EXPECT_EQ(read(cache, "a", 0), "ENOENT");
  write("a", "one");
  EXPECT_EQ(read(cache, "a", 1), "one");
  rules_.errors = true;
  EXPECT_EQ(read(cache, "b", 0), "ENOENT");
  write("b", "two");
  EXPECT_EQ(read(cache, "b", 999), "ENOENT");
  EXPECT_EQ(read(cache, "b", 1000), "two");
}

TEST_F(FileCacheTest, a_descriptor_is_kept_after_so_many_uses) {
  FileCache cache(10, 60'000);
  rules_.min_uses = 3;
  write("a", "one");
  size_t before = descriptors();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(read(cache, "a", 0), "one");
    EXPECT_EQ(descriptors(), before);
  }
  EXPECT_EQ(read(cache, "a", 0), "one");
  EXPECT_EQ(descriptors(), before + 1);
}

TEST_F(FileCacheTest, a_user_outlives_the_entry) {
  size_t before = descriptors();
  write("a", "one");
  auto cache = std::make_unique<FileCache>(10, 60'000);
  FoundFile found = find(*cache, "a", 0);
  cache.reset();
  char c;
  EXPECT_EQ(::pread(found.file.fd(), &c, 1, 0), 1);
  found = FoundFile();
  EXPECT_EQ(descriptors(), before);
}

TEST_F(FileCacheTest, a_status_first_and_the_file_later) {
  FileCache cache(10, 60'000);
  write("a", "one");
  EXPECT_EQ(find(cache, "a", 0, false).status.size, 3);
  EXPECT_EQ(read(cache, "a", 1), "one");
  EXPECT_TRUE(find(cache, ".", 0).status.folder);
  EXPECT_FALSE(find(cache, ".", 0).file.is_open());
}

}  // namespace
}  // namespace sluice::http
