#include "http/relay.h"

#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "os/files.h"

namespace sluice::http {

namespace {

// A temporary file that the bytes of a slow reader wait in. Written once, read by sendfile, gone with its
// descriptor.
class Spill {
 public:
  ~Spill() { drop(); }
  uint64_t size() const { return size_; }
  // A disk that is full or gone costs speed and not the answer: the source is held back instead.
  bool works() const { return works_; }
  // Moves memory slices of `from` into the file; `to` gets slices of the file instead. What the disk does not
  // take goes to `to` as it is.
  void put(const std::string& folder, Chain& from, Chain& to) {
    if (fd_ < 0) {
      auto made = os::make_temp_file(folder, nullptr);
      if (made) {
        fd_ = *made;
      } else {
        fail(made.error().sys, folder);
      }
    }
    while (works_ && !from.empty() && !from.front().in_file()) {
      iovec vectors[16];
      size_t count = from.iovecs(vectors, 16);
      ssize_t n = ::pwritev(fd_, vectors, static_cast<int>(count), static_cast<off_t>(size_));
      if (n < 0 && errno == EINTR) { continue; }
      if (n <= 0) {
        fail(n < 0 ? errno : ENOSPC, folder);
        break;
      }
      to.append_file(fd_, static_cast<off_t>(size_), static_cast<uint64_t>(n));
      size_ += static_cast<uint64_t>(n);
      from.consume(static_cast<uint64_t>(n));
    }
    to.append(std::move(from));
  }
  // All of it was sent: the next bytes get a new file. The old one's pages may still be on their way out and
  // must not be written over.
  void drop() {
    if (fd_ >= 0) { ::close(fd_); }
    fd_ = -1;
    size_ = 0;
  }

 private:
  void fail(int sys, const std::string& folder) {
    works_ = false;
    log::crit(sys, "a temporary file in \"%s\" cannot be written", folder.c_str());
  }

  int fd_ = -1;
  uint64_t size_ = 0;
  bool works_ = true;
};

constexpr uint64_t kMostATurn = 4 << 20;  // bytes before others have their turn

// How much may be sent now under a rate, and when more may.
class Pace {
 public:
  Pace(uint64_t rate, uint64_t after) : rate_(rate), after_(after), start_(clock::now()) {}
  bool limited() const { return rate_ != 0; }
  uint64_t allowed(uint64_t sent) const {
    if (rate_ == 0) { return UINT64_MAX; }
    uint64_t elapsed = clock::now() - start_ + 1000;  // the first second's worth is free to go at once
    uint64_t budget = after_ + rate_ * elapsed / 1000;
    return budget > sent ? budget - sent : 0;
  }
  uint64_t next_at() const {
    return clock::now() + std::max<uint64_t>(10, std::min<uint64_t>(1000, 65536000 / rate_));
  }

 private:
  uint64_t rate_, after_, start_;
};

class Relay {
 public:
  explicit Relay(const RelayPlan& plan)
      : plan_(plan), pace_(plan.rate, plan.rate_after), ended_(plan.source == nullptr) {
    if (plan.first != nullptr) {
      filter(*plan.first, ended_);
    } else if (ended_) {
      Chain nothing;
      filter(nothing, true);
    }
  }

  enum class State : uint8_t { waiting, turn, complete, failed };

  // Moves what can be moved now.
  State step() {
    uint64_t end = sent_ + kMostATurn;
    for (;;) {
      if (sent_ >= end) { return State::turn; }
      bool read_some = false;
      if (!ended_ && room() > 0) {
        if (!read(read_some)) { return State::failed; }
      }
      if (!write()) { return State::failed; }
      if (ended_ && pending_.empty() && last_pushed_ && plan_.sink->unsent() == 0) { return State::complete; }
      bool stuck = sink_full_ || pace_held_;
      bool more = !stuck && !pending_.empty();
      if (!more && (!read_some || (stuck && room() == 0))) { return State::waiting; }
    }
  }

  const Error& error() const { return error_; }
  bool wants_source() const { return !ended_ && room() > 0; }
  bool wants_sink() const { return plan_.sink->unsent() > 0; }
  bool held_by_pace() const { return pace_held_; }
  uint64_t pace_at() const { return pace_.next_at(); }

 private:
  // Bytes in memory that nobody has taken yet. What the sink holds is from one push: files in it are those of
  // that push.
  uint64_t in_memory() const {
    uint64_t unsent = plan_.sink->unsent();
    return pending_.size() - pending_in_file_ + unsent - std::min(unsent, sink_in_file_);
  }
  bool may_spill() const {
    return plan_.spill_path != nullptr && spill_.works() && spill_.size() < plan_.spill_limit;
  }
  uint64_t room() const {
    uint64_t memory = in_memory();
    if (memory < plan_.buffer_limit) { return plan_.buffer_limit - memory; }
    return may_spill() ? plan_.buffer_limit : 0;
  }
  static uint64_t in_file(const Chain& chain) {
    uint64_t total = 0;
    for (size_t i = 0; i < chain.slices(); ++i) {
      if (chain.at(i).in_file()) { total += chain.at(i).size; }
    }
    return total;
  }

  bool read(bool& some) {
    Chain got;
    Flow flow = plan_.source->pull(got, room());
    if (flow == Flow::error) { return fail(plan_.source->source_error()); }
    some = !got.empty();
    if (flow == Flow::end) {
      ended_ = true;
      some = true;
    }
    if (!some) { return true; }
    return filter(got, ended_);
  }

  bool filter(Chain& in, bool last) {
    for (BodyFilter* filter = plan_.filters; filter != nullptr; filter = filter->next) {
      Chain out;
      if (!filter->push(in, last, out)) {
        return fail({What::internal, Side::upstream, Retry::no, 0, "a body filter failed"});
      }
      in = std::move(out);
    }
    // A sink that is behind gets a file between: memory stays bounded while the source is let go.
    uint64_t files = in_file(in);
    if (sink_full_ && in_memory() + in.size() > plan_.buffer_limit && may_spill()) {
      uint64_t before = spill_.size();
      spill_.put(*plan_.spill_path, in, pending_);
      files += spill_.size() - before;
    } else {
      pending_.append(std::move(in));
    }
    pending_in_file_ += files;
    return true;
  }

  bool write() {
    pace_held_ = false;
    uint64_t most = pace_.limited() ? pace_.allowed(sent_) : UINT64_MAX;
    if (most == 0 && !pending_.empty()) {
      pace_held_ = true;
      return true;
    }
    bool idle = pending_.empty() && (!ended_ || last_pushed_) && plan_.sink->unsent() == 0;
    if (idle) { return true; }
    Chain now;
    uint64_t taken = std::min(most, pending_.size());
    bool sent_all = plan_.sink->unsent() == 0;
    if (sent_all && pending_in_file_ == 0 && spill_.size() > 0) { spill_.drop(); }
    if (sent_all || !sink_full_) {
      pending_.move_to(now, taken);
      sink_in_file_ = in_file(now);
      pending_in_file_ -= sink_in_file_;
    }
    bool last = ended_ && pending_.empty() && !last_pushed_;
    sent_ += now.size();
    if (plan_.moved != nullptr) { *plan_.moved += now.size(); }
    Flow flow = plan_.sink->push(now, last);
    if (flow == Flow::error) { return fail(plan_.sink->sink_error()); }
    last_pushed_ = last_pushed_ || last;
    sink_full_ = flow == Flow::again;
    pace_held_ = pace_.limited() && !sink_full_ && !pending_.empty();
    return true;
  }

  bool fail(Error error) {
    error_ = error;
    return false;
  }

  const RelayPlan& plan_;
  Pace pace_;
  Spill spill_;
  Chain pending_;
  Error error_;
  uint64_t sent_ = 0;
  uint64_t pending_in_file_ = 0;
  uint64_t sink_in_file_ = 0;
  bool ended_;
  bool last_pushed_ = false;
  bool sink_full_ = false;
  bool pace_held_ = false;
};

}  // namespace

event::Task<Result<void>> relay(event::Scope& scope, RelayPlan plan) {
  Relay work(plan);
  while (true) {
    Relay::State state = work.step();
    if (state == Relay::State::complete) { co_return Result<void>(); }
    if (state == Relay::State::failed) { co_return work.error(); }
    if (state == Relay::State::turn) {
      co_await event::next_turn(scope);
      continue;
    }
    bool for_source = work.wants_source();
    bool for_sink = work.wants_sink();
    uint64_t now = clock::now();
    uint64_t source_end = for_source ? plan.source->source_patience() : event::kNoDeadline;
    uint64_t sink_end = for_sink ? plan.sink->sink_patience() : event::kNoDeadline;
    uint64_t soonest = std::min(source_end, sink_end);
    uint64_t deadline = soonest == event::kNoDeadline ? soonest : now + soonest;
    uint64_t until = work.held_by_pace() ? std::min(deadline, work.pace_at()) : deadline;
    event::Ready nothing;
    event::Ready& source_ready = for_source ? plan.source->source_ready() : nothing;
    event::Ready& sink_ready = for_sink ? plan.sink->sink_ready() : nothing;
    event::Ready& only = for_source ? source_ready : sink_ready;
    event::Wake woken = event::Wake::ready;
    if (for_source && for_sink) {
      woken = co_await event::wait(scope, until, source_ready, sink_ready);
    } else {
      woken = co_await event::wait(scope, until, only);
    }
    if (woken == event::Wake::canceled) { co_return Error{scope.why(), Side::client, Retry::no, 0, nullptr}; }
    if (woken == event::Wake::timeout && until == deadline) {
      bool sink_late = for_sink && sink_end <= source_end;
      if (sink_late) {
        plan.sink->sink_timed_out();
        co_return plan.sink->sink_error();
      }
      plan.source->source_timed_out();
      co_return plan.source->source_error();
    }
  }
}

}  // namespace sluice::http
