#include "observe/log_file.h"

#include <unistd.h>

#include <cerrno>

#include "base/clock.h"
#include "observe/gzip_member.h"
#include "observe/log_file_cache.h"
#include "os/worker.h"

namespace sluice::observe {

namespace {

constexpr uint64_t kComplainEvery = 60'000;  // milliseconds
constexpr size_t kMostPerTurn = 64 << 10;    // bytes gathered without a buffer

List<LogFile, LogFile>& all_files() {
  static auto* files = new List<LogFile, LogFile>;  // never destroyed: configurations may die later
  return *files;
}

}  // namespace

bool Complaint::due() {
  uint64_t now = clock::now();
  if (now < silent_until_) { return false; }
  silent_until_ = now + kComplainEvery;
  return true;
}

void Complaint::failed(const char* call, std::string_view path, int sys) {
  if (due()) {
    log::alert(sys, "%s \"%.*s\" failed, log lines are lost", call, static_cast<int>(path.size()),
               path.data());
  }
}

void append_to_file(int fd, std::string_view path, std::string_view text, Complaint& complaint) {
  while (!text.empty()) {
    ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) { continue; }
    if (written < 0) {
      complaint.failed("write()", path, errno);
      return;
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
}

LogFile::LogFile() : alarm_([](void* self) { static_cast<LogFile*>(self)->flush(); }, this) {
  all_files().push_back(this);
}

void LogFile::open(std::shared_ptr<log::File> file, const Buffering& buffering) {
  file_ = std::move(file);
  buffering_ = buffering;
}

void LogFile::commit() {
  size_t room = buffering_.size != 0 ? buffering_.size : kMostPerTurn;
  // Whole lines only, so that those of several workers do not mix.
  if (pending_.size() > room) { write_out(start_); }
  if (pending_.size() > room) { write_out(pending_.size()); }
  if (pending_.empty()) { return; }
  if (buffering_.size == 0) {
    event::Loop::current().soon(*this);
  } else if (buffering_.flush_after != 0 && !alarm_.armed()) {
    alarm_.in(buffering_.flush_after);
  }
}

void LogFile::flush() { write_out(pending_.size()); }

void LogFile::write_out(size_t size) {
  if (size == 0) { return; }
  alarm_.disarm();
  std::string_view text(pending_.data(), size);
  std::string packed;
  if (buffering_.gzip != 0) {
    packed = gzip_member(text, buffering_.gzip);
    text = packed;
  }
  append_to_file(file_->fd, file_->path, text, complaint_);
  pending_.erase(0, size);
}

void flush_access_logs() {
  for (LogFile* file = all_files().front(); file != nullptr; file = all_files().next(file)) { file->flush(); }
  LogFileCache::close_all();
}

namespace {

// Logs have no life of their own in a worker; they are only told when to write.
void nothing(os::Worker&) {}
size_t never_busy() { return 0; }
const os::ServiceRow service("access log", nothing, nothing, never_busy, nothing, flush_access_logs);

}  // namespace

}  // namespace sluice::observe
