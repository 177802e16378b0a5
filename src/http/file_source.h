// Files as a body that is read, piece by piece, instead of sent by sendfile: for filters that look at bytes,
// and where reading must not hold up the worker (`aio`) or not fill the system's cache (`directio`).
#pragma once

#include "conf/expression.h"
#include "conf/value.h"
#include "event/thread_pool.h"
#include "http/body.h"

namespace sluice::http {

class Request;

struct FileReadSettings {
  bool threads = false;
  conf::Expression pool = conf::Expression::literal("default");
  uint64_t direct_from = UINT64_MAX;  // size of the smallest file that is read around the system's cache
  conf::Size direct_alignment{512};
  conf::Size read_ahead;  // 0: as the system likes
  conf::Buffers output_buffers{2, 32 << 10};

  // Whether files are read where they need not be.
  bool reads() const { return threads || direct_from != UINT64_MAX; }
  // Whether a file that was opened needs to be told of it.
  bool special() const { return direct_from != UINT64_MAX || read_ahead.bytes != 0; }
};

class FileSource final : public Source {
 public:
  struct Plan {
    event::ThreadPool* pool = nullptr;  // none: reading blocks
    uint64_t piece = 32 << 10;          // bytes a read
    uint64_t alignment = 0;             // of files open with O_DIRECT; 0: none is
  };

  // `body`'s files stay open as long as this. `next` goes on behind it, and may be null.
  FileSource(Chain&& body, Source* next, const Plan& plan);
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  ~FileSource();

  Flow pull(Chain& to, uint64_t room) override;
  event::Ready& source_ready() override { return relays() ? next_->source_ready() : ready_; }
  Error source_error() const override { return relays() ? next_->source_error() : error_; }
  uint64_t source_patience() const override;
  void source_timed_out() override;

 private:
  class Read;
  enum class Got : uint8_t { some, later, nothing };
  // The files were read: what follows is another's.
  bool relays() const { return body_.empty() && next_ != nullptr; }
  Got read_some(Chain& to, uint64_t room);
  Got read_now(Chain& to);
  Got take(Chain& to);
  Got fail(int error);

  Chain body_;
  Source* next_;
  Plan plan_;
  Read* read_ = nullptr;  // kept from one piece to the next
  event::Ready ready_;
  Error error_;
};

// The response's files become a FileSource.
void read_files(Request& request);

}  // namespace sluice::http
