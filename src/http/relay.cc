#include "http/relay.h"

#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "base/occasional.h"
#include "os/files.h"

namespace sluice::http {

namespace {
constexpr uint64_t kMostATurn = 4 << 20;  // bytes in and out before others have their turn
constexpr uint64_t kMostRate = uint64_t{1} << 40;

uint64_t in_file(const Chain& chain) {
  uint64_t total = 0;
  for (size_t i = 0; i < chain.slices(); ++i) {
    if (chain.at(i).in_file()) { total += chain.at(i).size; }
  }
  return total;
}
}  // namespace

void Spill::put(const std::string& folder, Chain& from, Chain& to) {
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

void Spill::fail(int sys, const std::string& folder) {
  works_ = false;
  static Occasional line;
  if (line.due()) {
    log::crit(sys, "a temporary file in \"%s\" cannot be written, %llu times", folder.c_str(),
              static_cast<unsigned long long>(line.times()));
  }
}

void Spill::drop() {
  if (fd_ >= 0) { ::close(fd_); }
  fd_ = -1;
  size_ = 0;
}

// An origin may name the rate, so the arithmetic holds for any: no rate above kMostRate means anything.
Pace::Pace(uint64_t rate, uint64_t after)
    : rate_(std::min(rate, kMostRate)),
      after_(std::min(after, UINT64_MAX / 2)),
      start_(rate == 0 ? 0 : clock::now()) {}

uint64_t Pace::allowed(uint64_t sent) const {
  uint64_t elapsed = clock::now() - start_ + 1000;  // the first second's worth is free to go at once
  uint64_t budget = after_ + rate_ * (elapsed / 1000) + rate_ * (elapsed % 1000) / 1000;
  return budget > sent ? budget - sent : 0;
}

uint64_t Pace::next_at() const {
  return clock::now() + std::max<uint64_t>(10, std::min<uint64_t>(1000, 65536000 / rate_));
}

Relay::Relay(const RelayPlan& plan)
    : plan_(plan), pace_(plan.rate, plan.rate_after), ended_(plan.source == nullptr) {
  if (plan.first != nullptr && (ended_ || !plan.first->empty())) {
    filter(*plan.first, ended_);
  } else if (ended_) {
    Chain nothing;
    filter(nothing, true);
  }
}

Relay::State Relay::step() {
  if (error_.what != What::none) { return State::failed; }
  turn_ends_ = sent_ + kMostATurn;
  uint64_t taken_enough = taken_ + kMostATurn;
  for (;;) {
    if (sent_ >= turn_ends_ || taken_ >= taken_enough) { return State::turn; }
    uint64_t room = ended_ ? 0 : this->room();
    bool asked = room > 0;
    bool read_some = false;
    if (asked && !read(room, read_some)) { return State::failed; }
    if (!write()) { return State::failed; }
    if (ended_ && last_pushed_ && pending_.empty() && plan_.sink->unsent() == 0) { return State::complete; }
    bool stuck = sink_full_ || pace_held_;
    bool more = !stuck && !pending_.empty();
    // A source is waited for only after it had nothing: it may hold bytes that its socket tells nothing of.
    bool may_read = wants_source() && (read_some || !asked);
    if (!more && !may_read) { return State::waiting; }
  }
}

// Bytes in memory that nobody has taken yet. What the sink holds is from one push: files in it are those of
// that push.
uint64_t Relay::in_memory() const {
  uint64_t unsent = plan_.sink->unsent();
  return pending_.size() - pending_in_file_ + unsent - std::min(unsent, sink_in_file_);
}

bool Relay::may_spill() const {
  return plan_.spill_path != nullptr && spill_.works() && spill_.size() < plan_.spill_limit;
}

uint64_t Relay::room() const {
  uint64_t memory = in_memory();
  if (memory < plan_.buffer_limit) { return plan_.buffer_limit - memory; }
  return may_spill() ? plan_.buffer_limit : 0;
}

bool Relay::read(uint64_t room, bool& some) {
  // With nobody between and nothing before it, what is read needs no stop on its way.
  bool straight = plan_.filters == nullptr && pending_.empty() && !sink_full_ && !pace_held_;
  Chain between;
  Chain& got = straight ? pending_ : between;
  Flow flow = plan_.source->pull(got, room);
  if (flow == Flow::error) { return fail(plan_.source->source_error()); }
  some = !got.empty();
  taken_ += got.size();
  if (flow == Flow::end) {
    ended_ = true;
    some = true;
  }
  source_moved_ = source_moved_ || some;
  if (straight) {
    pending_in_file_ = in_file(pending_);
    return true;
  }
  return some ? filter(got, ended_) : true;
}

bool Relay::filter(Chain& in, bool last) {
  for (BodyFilter* filter = plan_.filters; filter != nullptr; filter = filter->next) {
    Chain out;
    if (!filter->push(in, last, out)) {
      return fail({What::internal, Side::upstream, Retry::no, 0, "a body filter failed"});
    }
    in = std::move(out);
  }
  // A sink that is behind, or held back, gets a file between: memory stays bounded while the source is let
  // go.
  uint64_t files = in_file(in);
  bool behind = sink_full_ || pace_held_;
  if (behind && in_memory() + in.size() > plan_.buffer_limit && may_spill()) {
    uint64_t before = spill_.size();
    spill_.put(*plan_.spill_path, in, pending_);
    files += spill_.size() - before;
  } else {
    pending_.append(std::move(in));
  }
  pending_in_file_ += files;
  return true;
}

bool Relay::write() {
  pace_held_ = false;
  // A file that is given whole would be written until the client is slower than the disk.
  uint64_t most = turn_ends_ - sent_;
  if (pace_.limited()) { most = std::min(most, pace_.allowed(sent_)); }
  if (most == 0 && !pending_.empty()) {
    pace_held_ = true;
    return true;
  }
  bool idle = pending_.empty() && (!ended_ || last_pushed_) && plan_.sink->unsent() == 0;
  if (idle) { return true; }
  bool sent_all = plan_.sink->unsent() == 0;
  if (sent_all && pending_in_file_ == 0 && spill_.size() > 0) { spill_.drop(); }
  bool takes = sent_all || !sink_full_;
  bool all = takes && pending_.size() <= most;
  Chain part;
  Chain& now = all ? pending_ : part;
  if (takes) {
    if (!all) { pending_.move_to(part, most); }
    sink_in_file_ = pending_in_file_ == 0 ? 0 : in_file(now);
    pending_in_file_ -= sink_in_file_;
  }
  bool last = ended_ && (all || pending_.empty()) && !last_pushed_;
  sent_ += now.size();
  if (plan_.moved != nullptr) { *plan_.moved += now.size(); }
  Flow flow = plan_.sink->push(now, last);
  if (flow == Flow::error) { return fail(plan_.sink->sink_error()); }
  last_pushed_ = last_pushed_ || last;
  sink_full_ = flow == Flow::again;
  pace_held_ = pace_.limited() && !sink_full_ && !pending_.empty();
  return true;
}

bool Relay::fail(Error error) {
  error_ = error;
  return false;
}

// When the source, and the sink, will have kept us waiting too long.
void Relay::set_deadlines(bool for_source, bool for_sink) {
  uint64_t now = clock::now();
  auto later = [now](uint64_t patience) {
    return patience == event::kNoDeadline ? event::kNoDeadline : now + patience;
  };
  if (!for_source) {
    source_deadline_ = event::kNoDeadline;
  } else if (source_moved_) {
    source_deadline_ = later(plan_.source->source_patience());
  }
  source_moved_ = !for_source;
  if (!for_sink) {
    sink_deadline_ = event::kNoDeadline;
    delivered_ = INT64_MIN;
    return;
  }
  int64_t delivered = plan_.sink->delivered();
  if (delivered > delivered_) { sink_deadline_ = later(plan_.sink->sink_patience()); }
  delivered_ = delivered;
}

// Until something can be moved, or it took too long.
event::Task<Result<void>> Relay::wait(event::Scope& scope) {
  bool for_source = wants_source();
  bool for_sink = wants_sink();
  set_deadlines(for_source, for_sink);
  uint64_t deadline = std::min(source_deadline_, sink_deadline_);
  uint64_t until = pace_held_ ? std::min(deadline, pace_.next_at()) : deadline;
  // A slow reader makes no room for long; whether it reads at all is looked at now and then.
  if (for_sink && sink_deadline_ != event::kNoDeadline) {
    until = std::min(until, clock::now() + plan_.sink->sink_patience() / 4 + 1);
  }
  event::Ready no_source;
  event::Ready no_sink;
  event::Ready& source_ready = for_source ? plan_.source->source_ready() : no_source;
  event::Ready& sink_ready = for_sink ? plan_.sink->sink_ready() : no_sink;
  event::Wake woken = co_await event::wait(scope, until, source_ready, sink_ready);
  if (woken == event::Wake::canceled) { co_return Error{scope.why(), Side::client, Retry::no, 0, nullptr}; }
  if (woken == event::Wake::ready) { co_return Result<void>(); }
  uint64_t now = clock::now();
  if (now >= sink_deadline_ && plan_.sink->delivered() <= delivered_) {
    plan_.sink->sink_timed_out();
    co_return plan_.sink->sink_error();
  }
  if (now >= source_deadline_) {
    plan_.source->source_timed_out();
    co_return plan_.source->source_error();
  }
  co_return Result<void>();
}

event::Task<Result<void>> Relay::run(event::Scope& scope, State state) {
  while (state == State::waiting || state == State::turn) {
    if (state == State::turn) {
      co_await event::next_turn(scope);
      if (scope.canceled()) { co_return Error{scope.why(), Side::client, Retry::no, 0, nullptr}; }
    } else {
      Result<void> ready = co_await wait(scope);
      if (!ready) { co_return ready.error(); }
    }
    state = step();
  }
  if (state == State::failed) { co_return error_; }
  co_return Result<void>();
}

event::Task<Result<void>> relay(event::Scope& scope, RelayPlan plan) {
  Relay work(plan);
  Relay::State state = work.step();
  if (state == Relay::State::complete) { co_return Result<void>(); }
  if (state == Relay::State::failed) { co_return work.error(); }
  co_return co_await work.run(scope, state);
}

}  // namespace sluice::http
