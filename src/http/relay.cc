#include "http/relay.h"

#include <unistd.h>

#include <algorithm>

#include "os/files.h"

namespace sluice::http {

Spill::~Spill() {
  if (fd_ >= 0) { ::close(fd_); }
}

Result<void> Spill::put(const std::string& folder, Chain& from, Chain& to) {
  if (fd_ < 0) {
    auto made = os::make_temp_file(folder, nullptr);
    if (!made) { return made.error(); }
    fd_ = *made;
  }
  while (!from.empty()) {
    iovec vectors[16];
    size_t count = from.iovecs(vectors, 16);
    ssize_t n = ::pwritev(fd_, vectors, static_cast<int>(count), static_cast<off_t>(size_));
    if (n < 0 && errno == EINTR) { continue; }
    if (n <= 0) {
      return Error{What::exhausted, Side::self, Retry::no, errno, "pwritev() to a temporary file"};
    }
    to.append_file(fd_, static_cast<off_t>(size_), static_cast<uint64_t>(n));
    size_ += static_cast<uint64_t>(n);
    from.consume(static_cast<uint64_t>(n));
  }
  return {};
}

uint64_t Pace::allowed(uint64_t sent) const {
  uint64_t elapsed = clock::now() - start_ + 1000;  // the first second's worth is free to go at once
  uint64_t budget = after_ + rate_ * elapsed / 1000;
  return budget > sent ? budget - sent : 0;
}

uint64_t Pace::next_at() const {
  return clock::now() + std::max<uint64_t>(10, std::min<uint64_t>(1000, 65536000 / rate_));
}

Relay::Relay(const RelayPlan& plan)
    : plan_(plan), pace_(plan.rate, plan.rate_after), ended_(plan.source == nullptr) {
  if (plan.first != nullptr) {
    filter(*plan.first, ended_);
  } else if (ended_) {
    Chain nothing;
    filter(nothing, true);
  }
}

Relay::State Relay::step() {
  if (error_.what != What::none) { return State::failed; }
  for (;;) {
    bool read_some = false;
    if (!ended_ && room() > 0 && !read(read_some)) { return State::failed; }
    if (!write()) { return State::failed; }
    if (ended_ && last_pushed_ && pending_.empty() && plan_.sink->unsent() == 0) { return State::complete; }
    bool stuck = sink_full_ || pace_held_;
    if (!read_some || (stuck && room() == 0)) { return State::waiting; }
  }
}

uint64_t Relay::room() const {
  uint64_t spilled = std::min<uint64_t>(held(), spill_.size());
  uint64_t in_memory = held() - spilled;
  if (in_memory < plan_.buffer_limit) { return plan_.buffer_limit - in_memory; }
  if (plan_.spill_path != nullptr && spill_.size() < plan_.spill_limit) { return plan_.buffer_limit; }
  return 0;
}

bool Relay::read(bool& some) {
  Chain got;
  Flow flow = plan_.source->pull(got, room());
  if (flow == Flow::error) { return fail(plan_.source->source_error()); }
  some = !got.empty();
  if (flow == Flow::end) {
    ended_ = true;
    some = true;
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
  // A sink that is behind gets a file between: memory stays bounded while the source is let go.
  bool full = sink_full_ && held() + in.size() > plan_.buffer_limit;
  if (full && plan_.spill_path != nullptr && spill_.size() < plan_.spill_limit) {
    auto put = spill_.put(*plan_.spill_path, in, pending_);
    return put ? true : fail(put.error());
  }
  pending_.append(std::move(in));
  return true;
}

bool Relay::write() {
  pace_held_ = false;
  uint64_t most = pace_.limited() ? pace_.allowed(sent_) : UINT64_MAX;
  if (most == 0 && !pending_.empty()) {
    pace_held_ = true;
    return true;
  }
  bool idle = pending_.empty() && (!ended_ || last_pushed_) && plan_.sink->unsent() == 0;
  if (idle) { return true; }
  Chain now;
  if (plan_.sink->unsent() == 0 || !sink_full_) { pending_.move_to(now, most); }
  bool last = ended_ && pending_.empty() && !last_pushed_;
  sent_ += now.size();
  if (plan_.moved != nullptr) { *plan_.moved += now.size(); }
  Flow flow = plan_.sink->push(now, last);
  if (flow == Flow::error) { return fail(plan_.sink->sink_error()); }
  last_pushed_ = last_pushed_ || last;
  sink_full_ = flow == Flow::again;
  pace_held_ = !sink_full_ && !pending_.empty();
  return true;
}

bool Relay::fail(Error error) {
  error_ = error;
  return false;
}

event::Task<Result<void>> Relay::run(event::Scope& scope) {
  while (true) {
    bool for_source = wants_source();
    bool for_sink = wants_sink();
    uint64_t now = clock::now();
    uint64_t source_end = for_source ? plan_.source->source_patience() : event::kNoDeadline;
    uint64_t sink_end = for_sink ? plan_.sink->sink_patience() : event::kNoDeadline;
    uint64_t soonest = std::min(source_end, sink_end);
    uint64_t deadline = soonest == event::kNoDeadline ? soonest : now + soonest;
    uint64_t patient_until = deadline;
    bool paced = pace_held_;
    if (paced) { deadline = std::min(deadline, pace_.next_at()); }
    event::Ready nothing;
    event::Ready& source_ready = for_source ? plan_.source->source_ready() : nothing;
    event::Ready unused;
    event::Ready& sink_ready = for_sink ? plan_.sink->sink_ready() : unused;
    event::Wake woken = co_await event::wait(scope, deadline, source_ready, sink_ready);
    if (woken == event::Wake::canceled) { co_return Error{scope.why(), Side::client, Retry::no, 0, nullptr}; }
    if (woken == event::Wake::timeout && !(paced && clock::now() < patient_until)) {
      if (for_sink && sink_end <= source_end) {
        plan_.sink->sink_timed_out();
        co_return plan_.sink->sink_error();
      }
      plan_.source->source_timed_out();
      co_return plan_.source->source_error();
    }
    State state = step();
    if (state == State::complete) { co_return Result<void>(); }
    if (state == State::failed) { co_return error_; }
  }
}

event::Task<Result<void>> relay(event::Scope& scope, RelayPlan plan) {
  Relay work(plan);
  Relay::State state = work.step();
  if (state == Relay::State::complete) { co_return Result<void>(); }
  if (state == Relay::State::failed) { co_return work.error(); }
  co_return co_await work.run(scope);
}

}  // namespace sluice::http
