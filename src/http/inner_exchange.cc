#include "http/inner_exchange.h"

#include "http/request.h"

namespace sluice::http {

namespace {

// Bytes of a dropped body that are read so that the origin's connection can be kept. A longer one costs more
// than a new connection does.
constexpr uint64_t kWorthReading = 64 << 10;

// Only what is there already: the end of a body of unknown length may be long in coming.
void drain(Source& source) {
  Chain waste;
  Flow flow = Flow::ok;
  while (flow == Flow::ok && waste.size() < kWorthReading) { flow = source.pull(waste, kWorthReading); }
}

}  // namespace

InnerBody::~InnerBody() {
  if (writer_ != nullptr) { writer_->release(); }
}

Flow InnerBody::pull(Chain& to, uint64_t room) {
  uint64_t before = chain_.size();
  chain_.move_to(to, room);
  uint64_t moved = before - chain_.size();
  if (moved > 0 && writer_ != nullptr) { writer_->taken(moved); }
  if (chain_.empty() && ended_) { return Flow::end; }
  if (moved > 0) { return Flow::ok; }
  if (failed_) { return Flow::error; }
  ready_.clear();
  return Flow::again;
}

InnerExchange::InnerExchange(Client& client, event::Scope* within, uint64_t sent, InnerBody* body)
    : client_(client),
      scope_(within == nullptr ? event::Scope() : event::Scope(*within)),
      body_(body),
      sent_(sent) {
  if (body_ != nullptr) { body_->writer_ = this; }
}

InnerExchange::~InnerExchange() {
  if (body_ != nullptr) { body_->writer_ = nullptr; }
}

void InnerExchange::write_head(Request& request, int64_t length, bool) {
  head_written_ = true;
  Response& response = request.response;
  // The client's pace is kept by who answers the client, and a temporary file would end with the subrequest.
  response.rate = 0;
  response.spill_limit = 0;
  if (body_ != nullptr || response.source == nullptr) { return; }
  bool short_one = length >= 0 && static_cast<uint64_t>(length) <= kWorthReading;
  if (short_one) { return; }
  drain(*response.source);
  response.source = nullptr;
}

Flow InnerExchange::push(Chain& from, bool last) {
  if (error_.what != What::none) { return Flow::error; }
  if (body_ == nullptr) {
    from.clear();
    return last ? Flow::end : Flow::ok;
  }
  body_->chain_.append(std::move(from));
  body_->ended_ = body_->ended_ || last;
  body_->ready_.set();
  if (body_->chain_.empty()) { return body_->ended_ ? Flow::end : Flow::ok; }
  room_.clear();
  return Flow::again;
}

void InnerExchange::taken(uint64_t bytes) {
  delivered_ += static_cast<int64_t>(bytes);
  if (body_->chain_.empty()) { room_.set(); }
}

void InnerExchange::end_body() {
  if (body_ == nullptr || body_->ended_) { return; }
  body_->failed_ = true;
  body_->ready_.set();
}

void InnerExchange::release() {
  body_ = nullptr;
  error_ = {What::closed, Side::client, Retry::no, 0, nullptr};
  released_.set();
  scope_.cancel(What::closed);
}

}  // namespace sluice::http
