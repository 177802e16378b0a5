// One request and its answer on an HTTP/1 connection: the request body decoded, the answer framed.
#pragma once

#include "http/exchange.h"
#include "http/h1/chunked.h"
#include "http/h1/server_connection.h"
#include "http/request.h"

namespace sluice::http::h1 {

class ServerExchange final : public Exchange {
 public:
  explicit ServerExchange(ServerConnection& connection) : connection_(connection) {}

  // After the head was parsed: how the body is framed.
  void begin(Request& request);

  Client& client() override { return connection_.client_; }
  event::Scope& scope() override { return scope_; }

  void invite_body() override;
  bool body_read() const override { return body_done_; }
  uint64_t body_received() const override { return body_received_; }
  Flow pull(Chain& to, uint64_t room) override;

  void write_interim(const ResponseHead& head) override;
  void write_head(Request& request, int64_t length, bool body) override;
  void write_trailers(const Fields& trailers) override;
  bool head_written() const override { return head_written_; }
  uint64_t bytes_sent() const override { return bytes_sent_; }
  void add_sent(uint64_t bytes) override { bytes_sent_ += bytes; }
  Flow push(Chain& from, bool last) override;
  uint64_t unsent() const override { return out_.size(); }
  int64_t delivered() override { return static_cast<int64_t>(bytes_sent_) - connection_.io_.queued(); }

  void close_after() override { keepalive_ = false; }
  bool closes_after() const override { return !keepalive_; }
  void abort() override { aborted_ = true; }
  bool aborted() const { return aborted_; }
  net::Connection* upgrade(Chain& early) override;
  bool upgraded() const { return upgraded_; }
  void ignore_client_leaving(bool ignore) override { connection_.ignore_hangup_ = ignore; }

  // The Source and Sink parts share names; both speak of this client.
  event::Ready& source_ready() override { return connection_.io_.readable(); }
  event::Ready& sink_ready() override { return connection_.io_.writable(); }
  Error source_error() const override { return read_error_; }
  Error sink_error() const override { return write_error_; }
  uint64_t source_patience() const override { return read_patience_; }
  uint64_t sink_patience() const override { return write_patience_; }
  void source_timed_out() override;
  void sink_timed_out() override;
  bool timed_out() const { return timed_out_; }
  // The answer broke off, and the end of the connection is what its end would have been: only a reset tells.
  bool end_is_invisible() const {
    return aborted_ && head_written_ && !no_body_ && !chunked_out_ && length_left_ < 0;
  }
  bool invited() const { return !waits_for_invitation_; }

 private:
  Flow fail_read(What what, int sys, const char* text);
  Flow pull_length(Chain& to, uint64_t room);
  Flow pull_chunked(Chain& to, uint64_t room);
  Flow refill();
  bool within_limit(uint64_t more);
  bool may_keep() const;
  void take_input(Chain& to, size_t size);
  void consume(size_t size);
  void frame(Chain& from, bool last);
  Flow flush();

  ServerConnection& connection_;
  event::Scope scope_;
  Request* request_ = nullptr;

  Framing framing_ = Framing::none;
  BufferRef head_;              // what the request's fields point into
  uint64_t left_ = 0;           // of a body with a length
  uint64_t received_ = 0;       // body bytes
  uint64_t body_received_ = 0;  // and the framing around them
  ChunkedDecoder chunked_in_;
  bool body_done_ = true;
  bool waits_for_invitation_ = false;
  Error read_error_;
  uint64_t read_patience_ = event::kNoDeadline;

  Chain out_;
  bool chunked_out_ = false;
  bool no_body_ = false;
  bool head_written_ = false;
  bool keepalive_ = true;
  bool aborted_ = false;
  bool upgraded_ = false;
  bool timed_out_ = false;
  bool last_seen_ = false;
  string_view trailers_;
  uint64_t bytes_sent_ = 0;
  int64_t length_left_ = -1;  // announced and not yet given; -1: not announced
  uint64_t most_sendfile_ = UINT64_MAX;
  Error write_error_;
  uint64_t write_patience_ = event::kNoDeadline;
};

}  // namespace sluice::http::h1
