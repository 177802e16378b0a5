// Moves a body from a source to a sink until its end, waiting for whichever of them holds things up. What has
// been read ahead of a slow sink stays in memory up to a limit and then, when allowed, in a temporary file.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "event/task.h"
#include "event/wait.h"
#include "http/body.h"
#include "http/filter.h"

namespace sluice::http {

struct RelayPlan {
  Chain* first = nullptr;    // bytes that go before what the source yields; may be null
  Source* source = nullptr;  // may be null: `first` is all
  BodyFilter* filters = nullptr;
  Sink* sink = nullptr;
  uint64_t buffer_limit = 64 << 10;
  uint64_t spill_limit = 0;
  const std::string* spill_path = nullptr;
  uint64_t rate = 0;          // bytes per second; 0: unlimited
  uint64_t rate_after = 0;    // bytes before the rate applies
  uint64_t* moved = nullptr;  // counts body bytes handed to the sink
};

// A temporary file that the bytes of a slow reader wait in. Written once, read by sendfile, gone with its
// descriptor. A disk that is full or gone costs speed and not the answer: the source is held back instead.
class Spill {
 public:
  Spill() = default;
  Spill(const Spill&) = delete;
  Spill& operator=(const Spill&) = delete;
  ~Spill() { drop(); }
  uint64_t size() const { return size_; }
  bool works() const { return works_; }
  // Moves memory slices of `from` into the file; `to` gets slices of the file instead. What the disk does not
  // take goes to `to` as it is.
  void put(const std::string& folder, Chain& from, Chain& to);
  // All of it was sent: the next bytes get a new file. The old one's pages may still be on their way out and
  // must not be written over.
  void drop();

 private:
  void fail(int sys, const std::string& folder);

  int fd_ = -1;
  uint64_t size_ = 0;
  bool works_ = true;
};

// How much may be sent now under a rate, and when more may.
class Pace {
 public:
  Pace(uint64_t rate, uint64_t after);
  bool limited() const { return rate_ != 0; }
  uint64_t allowed(uint64_t sent) const;
  uint64_t next_at() const;

 private:
  uint64_t rate_, after_, start_;
};

// The work itself, for callers that try without waiting first: step() until it is complete or must wait, then
// run().
class Relay {
 public:
  explicit Relay(const RelayPlan& plan);

  // turn: more could be moved, but others have waited long enough.
  enum class State : uint8_t { waiting, turn, complete, failed };
  // Moves what can be moved now.
  State step();
  // From waiting or turn to the end.
  event::Task<Result<void>> run(event::Scope& scope, State state);
  const Error& error() const { return error_; }

 private:
  bool wants_source() const { return !ended_ && room() > 0; }
  bool wants_sink() const { return plan_.sink->unsent() > 0; }
  uint64_t in_memory() const;
  bool may_spill() const;
  uint64_t room() const;
  void set_deadlines(bool for_source, bool for_sink);
  event::Task<Result<void>> wait(event::Scope& scope);
  bool read(uint64_t room, bool& some);
  bool filter(Chain& in, bool last);
  bool write();
  bool fail(Error error);

  RelayPlan plan_;
  Pace pace_;
  Spill spill_;
  Chain pending_;
  Error error_;
  uint64_t taken_ = 0;      // from the source
  uint64_t sent_ = 0;       // to the sink
  uint64_t turn_ends_ = 0;  // what `sent_` may come to before others have their turn
  uint64_t pending_in_file_ = 0;
  uint64_t sink_in_file_ = 0;
  uint64_t source_deadline_ = event::kNoDeadline;
  uint64_t sink_deadline_ = event::kNoDeadline;
  int64_t delivered_ = INT64_MIN;  // when last looked at
  bool source_moved_ = true;       // since the last wait
  bool ended_;
  bool last_pushed_ = false;
  bool sink_full_ = false;
  bool pace_held_ = false;
};

// The error's side tells who failed: the source's or the sink's own error, or `self` for the temporary file.
event::Task<Result<void>> relay(event::Scope& scope, RelayPlan plan);

}  // namespace sluice::http
