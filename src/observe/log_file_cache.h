// Open files of access logs whose names contain variables (open_log_file_cache): the most recently used ones,
// a bounded number of them. Per process; the configuration holds it, workers fill it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/list.h"
#include "observe/log_file.h"

namespace sluice::observe {

class LogFileCache : public ListNode<LogFileCache> {
 public:
  struct Limits {
    size_t most = 0;                   // files
    uint64_t inactive_after = 10'000;  // milliseconds without use until a file is closed
    uint64_t valid_for = 60'000;       // milliseconds until it is checked whether the name still means it
    uint64_t least_uses = 1;           // within inactive_after, for a file to stay open
  };
  explicit LogFileCache(const Limits& limits);
  ~LogFileCache();

  // Appends the line to the file of that path, made when missing.
  void append(std::string_view path, std::string_view line);
  size_t open_files() const;

  // As append() without a cache: opens and closes.
  static void append_once(std::string_view path, std::string_view line);
  // Of all caches.
  static void close_all();

 private:
  struct Entry {
    std::string path;
    int fd = -1;
    dev_t device = 0;
    ino_t inode = 0;
    uint64_t checked_at = 0;
    uint64_t used_at = 0;
    uint64_t uses = 0;
  };
  using Entries = std::list<Entry>;  // most recently used first

  Entry& entry_for(std::string_view path);
  bool ready(Entry& entry);
  void close_inactive();
  void drop(Entries::iterator entry);
  void clear();

  Limits limits_;
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_path_;
  Complaint complaint_;
};

}  // namespace sluice::observe
