// `open_file_cache`: what a worker knows of files, and their descriptors. Bounded; the one that was not asked
// for longest leaves first. A descriptor that leaves is closed when its last user has let go of it.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/list.h"
#include "http/safe_open.h"

namespace sluice::http {

using std::string_view;

struct FileStatus {
  int64_t size = 0;
  int64_t modified = 0;  // seconds
  bool folder = false;
  bool regular = false;

  FileStatus() = default;
  explicit FileStatus(const struct stat& status)
      : size(status.st_size),
        modified(status.st_mtime),
        folder(S_ISDIR(status.st_mode)),
        regular(S_ISREG(status.st_mode)),
        device_(status.st_dev),
        inode_(status.st_ino),
        nanoseconds_(status.st_mtim.tv_nsec) {}
  bool operator==(const FileStatus&) const = default;

 private:
  dev_t device_ = 0;
  ino_t inode_ = 0;
  long nanoseconds_ = 0;
};

// A descriptor, its owner's alone or lent by a cache.
class OpenFile {
 public:
  OpenFile() = default;
  explicit OpenFile(int fd) : fd_(fd) {}
  OpenFile(OpenFile&& other) noexcept { swap(other); }
  OpenFile& operator=(OpenFile&& other) noexcept {
    swap(other);
    return *this;
  }
  ~OpenFile() {
    if (fd_ >= 0) { let_go(); }
  }
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  friend class FileCache;
  struct Lent;
  explicit OpenFile(Lent& lent);
  void let_go();
  void swap(OpenFile& other) {
    std::swap(fd_, other.fd_);
    std::swap(lent_, other.lent_);
  }
  int fd_ = -1;
  Lent* lent_ = nullptr;
};

struct FoundFile {
  OpenFile file;      // when it was to be opened and is no folder
  FileStatus status;  // unless there is an error
  int error = 0;
  const char* call = "";  // that failed
};

// Looks it up now. `open`: to be read; else only its status is asked for.
FoundFile find_file(const GuardedPath& path, bool open);

struct FileCacheTag {};

class FileCache {
 public:
  struct Rules {
    uint64_t valid;     // milliseconds until it is looked at again
    uint64_t min_uses;  // so many before its descriptor is kept
    bool errors;        // whether failures are remembered
  };

  FileCache(uint64_t most, uint64_t inactive);
  FileCache(const FileCache&) = delete;
  FileCache& operator=(const FileCache&) = delete;
  ~FileCache();

  // As find_file; here the path is known as `key`.
  FoundFile find(string_view key, const GuardedPath& path, bool open, const Rules& rules, uint64_t now);
  size_t size() const { return entries_.size(); }

 private:
  struct Entry;
  static FoundFile look_again(Entry& entry, const GuardedPath& path, bool open);
  Entry& add(string_view key);
  void touch(Entry& entry, uint64_t now);
  void remove(Entry& entry);
  void remove_old(uint64_t now);

  struct Hash {
    size_t operator()(string_view key) const;
  };
  std::unordered_map<string_view, Entry*, Hash> entries_;  // keys are the entries' own
  List<Entry, FileCacheTag> by_use_;                       // the last one used is the last
  const uint64_t most_, inactive_;
};

}  // namespace sluice::http
