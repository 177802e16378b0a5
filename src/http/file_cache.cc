#include "http/file_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/hash.h"

namespace sluice::http {

namespace {
constexpr int kMostRemovedAtOnce =
    2;  // of those that nobody asks for any more, each time something is looked up

// Not those that are gone when something else is closed.
bool is_lasting(int error) {
  return error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG || error == EACCES || error == ELOOP;
}
}  // namespace

// A descriptor and those who use it; the cache is one of them.
struct OpenFile::Lent {
  int fd;
  uint32_t users;
  void let_go() {
    if (--users > 0) { return; }
    ::close(fd);
    delete this;
  }
};

OpenFile::OpenFile(Lent& lent) : fd_(lent.fd), lent_(&lent) { ++lent.users; }

void OpenFile::let_go() {
  if (lent_ != nullptr) {
    lent_->let_go();
  } else {
    ::close(fd_);
  }
}

struct FileCache::Entry : ListNode<FileCacheTag> {
  explicit Entry(string_view key) : key(key) {}
  ~Entry() { drop(); }
  void drop() {
    if (lent != nullptr) { std::exchange(lent, nullptr)->let_go(); }
  }
  const std::string key;
  FileStatus status;
  int error = 0;
  const char* call = "";
  uint64_t looked_at = 0;
  uint64_t used_at = 0;
  uint64_t uses = 0;
  OpenFile::Lent* lent = nullptr;
};

FileCache::FileCache(uint64_t most, uint64_t inactive) : most_(most), inactive_(inactive) {}

FileCache::~FileCache() {
  while (Entry* entry = by_use_.front()) { remove(*entry); }
}

size_t FileCache::Hash::operator()(string_view key) const { return keyed_hash(key); }

FileCache::Entry& FileCache::add(string_view key) {
  while (entries_.size() >= most_) { remove(*by_use_.front()); }
  auto* entry = new Entry(key);
  entries_.emplace(entry->key, entry);
  by_use_.push_back(entry);
  return *entry;
}

void FileCache::touch(Entry& entry, uint64_t now) {
  ++entry.uses;
  entry.used_at = now;
  entry.ListNode<FileCacheTag>::unlink();
  by_use_.push_back(&entry);
}

void FileCache::remove(Entry& entry) {
  entries_.erase(entry.key);
  entry.ListNode<FileCacheTag>::unlink();
  delete &entry;
}

void FileCache::remove_old(uint64_t now) {
  for (int i = 0; i < kMostRemovedAtOnce; ++i) {
    Entry* oldest = by_use_.front();
    if (oldest == nullptr || now - oldest->used_at < inactive_) { return; }
    remove(*oldest);
  }
}

FoundFile find_file(const GuardedPath& path, bool open) {
  FoundFile found;
  auto fail = [&](const char* call) -> FoundFile&& {
    found.error = errno;
    found.call = call;
    found.file = OpenFile();
    return std::move(found);
  };
  struct stat status;
  if (!open && path.symlinks == Symlinks::follow) {
    if (::stat(path.name, &status) != 0) { return fail("stat()"); }
    found.status = FileStatus(status);
    return found;
  }
  // Not to be held up by a pipe, nor to be given a terminal.
  int flags = open ? O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY : O_PATH | O_CLOEXEC;
  found.file = OpenFile(open_path(path, flags));
  if (!found.file.is_open()) { return fail("open()"); }
  if (::fstat(found.file.fd(), &status) != 0) { return fail("fstat()"); }
  found.status = FileStatus(status);
  if (!open || found.status.folder) { found.file = OpenFile(); }
  return found;
}

// A descriptor that is there only needs to be told that it still is the file's.
FoundFile FileCache::look_again(Entry& entry, const GuardedPath& path, bool open) {
  if (entry.lent == nullptr) { return find_file(path, open); }
  FoundFile found = find_file(path, false);
  bool same = found.error == 0 && found.status == entry.status;
  if (same) { return found; }
  entry.drop();
  return open && found.error == 0 ? find_file(path, true) : std::move(found);
}

FoundFile FileCache::find(string_view key, const GuardedPath& path, bool open, const Rules& rules,
                          uint64_t now) {
  remove_old(now);
  auto place = entries_.find(key);
  Entry* entry = place == entries_.end() ? nullptr : place->second;
  if (entry != nullptr) { touch(*entry, now); }
  bool known =
      entry != nullptr && now - entry->looked_at < rules.valid && (entry->error == 0 || rules.errors);
  FoundFile found;
  if (known && (!open || entry->error != 0 || entry->lent != nullptr || entry->status.folder)) {
    found.status = entry->status;
    found.error = entry->error;
    found.call = entry->call;
  } else {
    found = entry == nullptr ? find_file(path, open) : look_again(*entry, path, open);
    bool worth = found.error == 0 || (rules.errors && is_lasting(found.error));
    if (!worth) {
      if (entry != nullptr) { remove(*entry); }
      return found;
    }
    if (entry == nullptr) { touch(*(entry = &add(key)), now); }
    entry->status = found.status;
    entry->error = found.error;
    entry->call = found.call;
    entry->looked_at = now;
    if (found.file.is_open() && found.status.regular && entry->uses >= rules.min_uses) {
      entry->drop();
      entry->lent = new OpenFile::Lent{std::exchange(found.file.fd_, -1), 1};
    }
  }
  if (open && entry->error == 0 && entry->lent != nullptr) { found.file = OpenFile(*entry->lent); }
  return found;
}

}  // namespace sluice::http
