// What happens to an answer's body between the origin and the client: the pace of reading it, and the fields
// behind it.
#include <algorithm>

#include "base/clock.h"
#include "base/text.h"
#include "event/loop.h"
#include "http/content/proxy.h"
#include "http/hop_by_hop.h"

namespace sluice::http {

namespace {

// proxy_limit_rate: reads from the origin at most so many bytes per second. When the second's share is used
// up, an alarm stands for the origin's readiness.
class PacedSource final : public Source {
 public:
  PacedSource(Source& from, uint64_t rate)
      : from_(from), rate_(rate), start_(clock::now()), alarm_(wake, this) {}

  Flow pull(Chain& to, uint64_t room) override {
    uint64_t allowed = budget();
    if (allowed <= taken_) {
      hold();
      return Flow::again;
    }
    uint64_t before = to.size();
    Flow flow = from_.pull(to, std::min(room, allowed - taken_));
    taken_ += to.size() - before;
    return flow;
  }
  event::Ready& source_ready() override { return held_ ? ready_ : from_.source_ready(); }
  Error source_error() const override { return from_.source_error(); }
  uint64_t source_patience() const override {
    return held_ ? std::max(from_.source_patience(), kLongestPause * 2) : from_.source_patience();
  }
  void source_timed_out() override { from_.source_timed_out(); }

 private:
  static constexpr uint64_t kFirstSecond = 1000;  // ms that may be used at once
  static constexpr uint64_t kShortestPause = 10;
  static constexpr uint64_t kLongestPause = 1000;

  uint64_t budget() const { return (clock::now() - start_ + kFirstSecond) * rate_ / 1000; }
  void hold() {
    held_ = true;
    ready_.clear();
    uint64_t missing = (taken_ - budget() + 1) * 1000 / rate_;
    alarm_.in(std::clamp(missing, kShortestPause, kLongestPause));
  }
  static void wake(void* self) {
    auto* source = static_cast<PacedSource*>(self);
    source->held_ = false;
    source->ready_.set();
  }

  Source& from_;
  uint64_t rate_;
  uint64_t start_;
  uint64_t taken_ = 0;
  bool held_ = false;
  event::Ready ready_;
  event::Alarm alarm_;
};

// Puts the trailers into the answer when the last of the body passes.
class TrailerFilter final : public BodyFilter {
 public:
  TrailerFilter(Request& r, const Fields& trailers) : r_(r), trailers_(trailers) {}
  bool push(Chain& in, bool last, Chain& out) override {
    out.append(std::move(in));
    if (last && !trailers_.empty()) {
      for (const Field& field : trailers_) {
        if (passes(field)) { r_.response.trailers.add(field); }
      }
      r_.exchange.write_trailers(r_.response.trailers);
    }
    return true;
  }

 private:
  // Framing, routing and what decides about access must be known before the body (RFC 9110 6.5.1).
  static bool passes(const Field& field) {
    switch (field.id) {
      case FieldId::content_length:
      case FieldId::transfer_encoding:
      case FieldId::content_encoding:
      case FieldId::content_type:
      case FieldId::content_range:
      case FieldId::host:
      case FieldId::connection:
      case FieldId::te:
      case FieldId::trailer:
      case FieldId::upgrade:
      case FieldId::set_cookie:
      case FieldId::cache_control:
      case FieldId::location:
        return false;
      default:
        return true;
    }
  }
  Request& r_;
  const Fields& trailers_;
};

bool trailers_wanted(const Request& r) {
  bool wanted = false;
  each_member(r.head.fields.combined(FieldId::te),
              [&](string_view member) { wanted = wanted || iequals(member, "trailers"); });
  return wanted;
}

}  // namespace

Source* body_source(Request& r, const ProxySettings& settings, Source& origin) {
  if (settings.limit_rate.empty()) { return &origin; }
  auto rate = conf::parse_size(settings.limit_rate.evaluate(r));
  if (!rate || rate->bytes == 0) { return &origin; }
  return r.arena().own<PacedSource>(origin, rate->bytes);
}

void pass_trailers(Request& r, const ProxySettings& settings, const Fields& trailers) {
  if (!settings.pass_trailers && !trailers_wanted(r)) { return; }
  r.response.add(r.arena().own<TrailerFilter>(r, trailers));
}

}  // namespace sluice::http
