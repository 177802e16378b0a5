// A file that this worker appends lines to. Lines are gathered and written together: at the end of the loop's
// turn, or, with a buffer, when that is full or old. A write that fails loses its lines and nothing else; it
// is told in the error log once a minute.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/list.h"
#include "base/log.h"
#include "event/loop.h"

namespace sluice::observe {

// Says that a log cannot be written, but not at every line.
class Complaint {
 public:
  void failed(const char* call, std::string_view path, int sys);

 private:
  bool due();
  uint64_t silent_until_ = 0;
};

// All of `text`, or a complaint.
void append_to_file(int fd, std::string_view path, std::string_view text, Complaint& complaint);

struct Buffering {
  uint64_t size = 0;         // 0: lines leave at the end of the loop's turn
  uint64_t flush_after = 0;  // milliseconds a line may wait in the buffer; 0: until it is full
  int gzip = 0;              // compression level; 0: none
  bool operator==(const Buffering&) const = default;
};

class LogFile final : private event::Job, public ListNode<LogFile> {
 public:
  LogFile();
  bool is_open() const { return file_ != nullptr; }
  void open(std::shared_ptr<log::File> file, const Buffering& buffering);
  const Buffering& buffering() const { return buffering_; }

  // A line is appended to what begin() returns, its end included; then commit().
  std::string& begin() {
    start_ = pending_.size();
    return pending_;
  }
  void commit();
  // Writes what was gathered.
  void flush();

 private:
  void run() override { flush(); }
  // The first `size` gathered bytes.
  void write_out(size_t size);

  std::shared_ptr<log::File> file_;
  Buffering buffering_;
  std::string pending_;
  size_t start_ = 0;  // of the line being made
  event::Alarm alarm_;
  Complaint complaint_;
};

// Writes out what all access logs gathered, and closes files that are opened by need: before logs are
// reopened, and at the end of a worker.
void flush_access_logs();

}  // namespace sluice::observe
