#include "cli/trace.h"

#include "base/text.h"

namespace sluice::cli {

namespace {

using http::Request;
using http::Verdict;

// What a request looks like before something is done with it.
struct Look {
  explicit Look(const Request& r)
      : path(r.path), query(r.query), location(r.location), redirects(r.redirects), internal(r.internal) {}
  std::string path, query;
  const http::Location* location;
  uint8_t redirects;
  bool internal;
};

std::string target_of(std::string_view path, std::string_view query) {
  return std::string(path) + (query.empty() ? "" : "?") + std::string(query);
}

std::string changes(const Look& before, const Request& r, Verdict verdict) {
  std::string was = target_of(before.path, before.query), is = target_of(r.path, r.query);
  std::string out;
  if (was != is) { out = "\"" + was + "\" becomes \"" + is + "\""; }
  std::string joint = out.empty() ? "" : ", ";
  bool went_on = verdict == Verdict::again && r.resume == http::Resume::steps;
  if (went_on && r.location->kind == http::Location::Kind::named) {
    out += joint + "goes on at " + r.location->name;
  } else if (went_on && r.location != before.location) {
    out += joint + "goes on in the block of line " + std::to_string(r.location->at.line);
  } else if (verdict == Verdict::again) {
    out += joint + "a location is looked for again";
  }
  if (verdict != Verdict::done) { return out; }
  out += joint;
  if (r.discard_connection) { return out + "closes the connection"; }
  append_format(out, "answers %u", r.response.status);
  std::string_view location = r.response.fields.value(http::FieldId::location);
  if (!location.empty()) { out += " with Location: " + std::string(location); }
  return out;
}

class TracedStep final : public http::Step {
 public:
  TracedStep(Trace& trace, const http::StepRow& row, const http::Step* inner)
      : trace_(trace), row_(row), inner_(inner) {}

  Verdict check(Request& r) const override {
    // Those of the server run before there is a location.
    if (row_.phase != http::Phase::server_rewrite) { trace_.entered(r); }
    Look before(r);
    Verdict verdict = inner_->check(r);
    if (verdict != Verdict::later) { note(r, before, verdict); }
    return verdict;
  }
  event::Task<Verdict> wait(Request& r) const override {
    Look before(r);
    Verdict verdict = co_await inner_->wait(r);
    note(r, before, verdict);
    co_return verdict;
  }

 private:
  void note(Request& r, const Look& before, Verdict verdict) const {
    std::string text = changes(before, r, verdict);
    if (text.empty() && verdict == Verdict::next) { text = "lets it pass"; }
    trace_.note(r, {TraceEvent::Kind::step, row_.name, text, before.location, {}});
  }

  Trace& trace_;
  const http::StepRow& row_;
  const http::Step* inner_;
};

class TracedContent final : public http::Content {
 public:
  TracedContent(Trace& trace, const http::Content* inner) : trace_(trace), inner_(inner) {}

  event::Task<Result<void>> answer(Request& r) const override {
    trace_.entered(r);
    TraceEvent event{TraceEvent::Kind::content, inner_->name(), "", r.location, {}};
    Look before(r);
    event.asked = inner_->explain(r, event.facts);
    if (event.asked) {
      if (!r.has_pending()) { r.response.length = 0; }
      trace_.note(r, std::move(event));
      co_return Result<void>{};
    }
    Result<void> answered = co_await inner_->answer(r);
    event.text = changes(before, r, r.has_pending() ? Verdict::next : Verdict::done);
    trace_.note(r, std::move(event));
    co_return answered;
  }
  const char* name() const override { return inner_->name(); }
  bool redirects_bare_name() const override { return inner_->redirects_bare_name(); }

 private:
  Trace& trace_;
  const http::Content* inner_;
};

}  // namespace

const http::Step* Trace::step(Arena& arena, const http::StepRow& row, const http::Step* step) {
  return arena.own<TracedStep>(*this, row, step);
}

const http::Content* Trace::content(Arena& arena, const http::Content* content) {
  return arena.own<TracedContent>(*this, content);
}

void Trace::entered(Request& r) {
  const http::Location*& last = r.subrequest ? last_inside_ : last_;
  if (!r.subrequest) { last_inside_ = nullptr; }
  if (r.location == last) { return; }
  last = r.location;
  std::string text = "\"" + target_of(r.path, r.query) + "\"";
  if (r.error_status != 0) { append_format(text, ", the error page for %u", r.error_status); }
  events_.push_back({TraceEvent::Kind::location, "location", text, r.location, {}, false, r.subrequest});
}

void Trace::note(Request& r, TraceEvent event) {
  event.subrequest = r.subrequest;
  events_.push_back(std::move(event));
  // A round that begins again says where it is, even when that is where it was.
  bool again = events_.back().text.find("looked for again") != std::string::npos;
  if (again) { (r.subrequest ? last_inside_ : last_) = nullptr; }
}

}  // namespace sluice::cli
