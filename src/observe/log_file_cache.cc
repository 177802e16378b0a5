#include "observe/log_file_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/clock.h"

namespace sluice::observe {

namespace {

List<LogFileCache, LogFileCache>& all_caches() {
  static auto* caches = new List<LogFileCache, LogFileCache>;  // never destroyed, as for files
  return *caches;
}

int open_to_append(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
}

}  // namespace

LogFileCache::LogFileCache(const Limits& limits) : limits_(limits) { all_caches().push_back(this); }

LogFileCache::~LogFileCache() { clear(); }

void LogFileCache::append(std::string_view path, std::string_view line) {
  close_inactive();
  Entry& entry = entry_for(path);
  entry.used_at = clock::now();
  ++entry.uses;
  if (entry.uses < limits_.least_uses) {
    append_once(path, line);
  } else if (ready(entry)) {
    append_to_file(entry.fd, entry.path, line, complaint_);
  } else {
    complaint_.failed("open()", path, errno);
  }
}

LogFileCache::Entry& LogFileCache::entry_for(std::string_view path) {
  if (auto known = by_path_.find(path); known != by_path_.end()) {
    entries_.splice(entries_.begin(), entries_, known->second);
    return entries_.front();
  }
  if (entries_.size() >= limits_.most) { drop(std::prev(entries_.end())); }
  entries_.emplace_front().path = path;
  by_path_[entries_.front().path] = entries_.begin();
  return entries_.front();
}

// Opens the file, anew when its name means another one by now.
bool LogFileCache::ready(Entry& entry) {
  uint64_t now = clock::now();
  struct stat about {};
  if (entry.fd >= 0) {
    if (now - entry.checked_at < limits_.valid_for) { return true; }
    entry.checked_at = now;
    bool same = ::stat(entry.path.c_str(), &about) == 0 && about.st_dev == entry.device &&
                about.st_ino == entry.inode;
    if (same) { return true; }
    ::close(entry.fd);
  }
  entry.fd = open_to_append(entry.path);
  if (entry.fd < 0) { return false; }
  if (::fstat(entry.fd, &about) == 0) {
    entry.device = about.st_dev;
    entry.inode = about.st_ino;
  }
  entry.checked_at = now;
  return true;
}

void LogFileCache::close_inactive() {
  uint64_t now = clock::now();
  while (!entries_.empty() && now - entries_.back().used_at > limits_.inactive_after) {
    drop(std::prev(entries_.end()));
  }
}

void LogFileCache::drop(Entries::iterator entry) {
  if (entry->fd >= 0) { ::close(entry->fd); }
  by_path_.erase(entry->path);
  entries_.erase(entry);
}

void LogFileCache::clear() {
  while (!entries_.empty()) { drop(entries_.begin()); }
}

size_t LogFileCache::open_files() const {
  size_t open = 0;
  for (const Entry& entry : entries_) { open += entry.fd >= 0 ? 1 : 0; }
  return open;
}

void LogFileCache::append_once(std::string_view path, std::string_view line) {
  static Complaint complaint;
  int fd = open_to_append(std::string(path));
  if (fd < 0) {
    complaint.failed("open()", path, errno);
    return;
  }
  append_to_file(fd, path, line, complaint);
  ::close(fd);
}

void LogFileCache::close_all() {
  for (LogFileCache* cache = all_caches().front(); cache != nullptr; cache = all_caches().next(cache)) {
    cache->clear();
  }
}

}  // namespace sluice::observe
