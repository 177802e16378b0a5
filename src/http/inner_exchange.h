// The exchange of a subrequest. There is no client to read from: a body it has was read by its parent. What
// it answers is dropped, or collected for whoever pulls it.
#pragma once

#include "http/exchange.h"

namespace sluice::http {

class InnerExchange;

// The answer's body of a subrequest while it is made: one end is the subrequest's exchange, the other is
// pulled by its parent. Either may end first.
class InnerBody {
 public:
  InnerBody() = default;
  InnerBody(const InnerBody&) = delete;
  InnerBody& operator=(const InnerBody&) = delete;
  // Nobody wants more of it: its subrequest is given up.
  ~InnerBody();

  Flow pull(Chain& to, uint64_t room);
  event::Ready& ready() { return ready_; }

 private:
  friend class InnerExchange;
  Chain chain_;
  event::Ready ready_;
  InnerExchange* writer_ = nullptr;
  bool ended_ = false;
  bool failed_ = false;
};

class InnerExchange final : public Exchange {
 public:
  // `within`: the scope that it ends with, or null. `sent`: bytes that the client had been sent. `body`: who
  // wants what is answered, or null.
  InnerExchange(Client& client, event::Scope* within, uint64_t sent, InnerBody* body);
  ~InnerExchange();

  Client& client() override { return client_; }
  event::Scope& scope() override { return scope_; }

  void invite_body() override {}
  bool body_read() const override { return true; }
  uint64_t body_received() const override { return 0; }
  Flow pull(Chain&, uint64_t) override { return Flow::end; }
  event::Ready& source_ready() override { return nothing_to_read_; }
  Error source_error() const override { return {}; }
  uint64_t source_patience() const override { return event::kNoDeadline; }
  void source_timed_out() override {}

  void write_interim(const ResponseHead&) override {}
  void write_head(Request& request, int64_t length, bool body) override;
  void write_trailers(const Fields&) override {}
  bool head_written() const override { return head_written_; }
  uint64_t bytes_sent() const override { return sent_; }
  void add_sent(uint64_t) override {}
  Flow push(Chain& from, bool last) override;
  uint64_t unsent() const override { return body_ == nullptr ? 0 : body_->chain_.size(); }
  int64_t delivered() override { return delivered_; }
  event::Ready& sink_ready() override { return room_; }
  Error sink_error() const override { return error_; }
  uint64_t sink_patience() const override { return event::kNoDeadline; }
  void sink_timed_out() override {}

  void ignore_client_leaving(bool) override {}
  void close_after() override {}
  bool closes_after() const override { return false; }
  void abort() override { end_body(); }
  net::Connection* upgrade(Chain&) override { return nullptr; }

  // The subrequest is over: a body that was not completed is broken.
  void end_body();
  // Set once nobody pulls the body any more: what was pulled may point into the subrequest's memory.
  event::Ready& released() { return released_; }

 private:
  friend class InnerBody;
  void taken(uint64_t bytes);
  void release();

  Client& client_;
  event::Scope scope_;
  InnerBody* body_;
  uint64_t sent_;
  int64_t delivered_ = 0;
  event::Ready nothing_to_read_;
  event::Ready room_;
  event::Ready released_;
  Error error_;
  bool head_written_ = false;
};

}  // namespace sluice::http
