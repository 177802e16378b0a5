// HTTP/1 towards an origin.
#include "http/origin.h"

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "http/h1/chunked.h"
#include "http/h1/response_parser.h"

namespace sluice::http::h1 {

namespace {

constexpr size_t kHeadRead = 16384 - 64;  // most small answers arrive whole in the first read
constexpr size_t kTailRead = 4096;        // room left in a piece that is worth a read

class H1Origin final : public Origin {
 public:
  H1Origin(Arena& arena, net::Connection& io, const OriginLimits& limits)
      : io_(io), limits_(limits), trailers_(arena), chunked_in_(&trailers_) {}

  void start(string_view head, bool chunked) override {
    out_.append(head);
    chunked_out_ = chunked;
  }

  // --- the request's body ---
  Flow push(Chain& from, bool last) override {
    if (write_error_.what != What::none) { return Flow::error; }
    frame(from, last);
    last_seen_ = last_seen_ || last;
    if (!out_.empty()) {
      if (!io_.writable().is_set()) { return Flow::again; }
      net::IoResult written = io_.write(out_);
      bytes_sent_ += written.count;
      if (written.status == net::Io::again) { return Flow::again; }
      if (written.status == net::Io::error) {
        write_error_ = {What::reset, Side::upstream, Retry::idempotent, written.sys, "send() failed"};
        return Flow::error;
      }
    }
    if (!last_seen_) { return Flow::ok; }
    if (sent_at_ == 0) { sent_at_ = clock::now(); }
    return Flow::end;
  }
  uint64_t unsent() const override { return out_.size(); }
  int64_t delivered() override { return static_cast<int64_t>(bytes_sent_) - io_.queued(); }
  event::Ready& sink_ready() override { return io_.writable(); }
  Error sink_error() const override { return write_error_; }
  uint64_t sink_patience() const override { return limits_.send_timeout; }
  void sink_timed_out() override {
    write_error_ = {What::timeout, Side::upstream, Retry::idempotent, ETIMEDOUT, "upstream timed out"};
  }

  // --- the response ---
  event::Task<Result<void>> read_head(event::Scope& scope, ResponseHead& head, Method method) override {
    ResponseParser parser(head, {limits_.head, 1000}, method);
    uint64_t begin = clock::now();
    while (true) {
      if (end_ > begin_) {
        ParseState state = parser.parse(in_->data() + begin_, end_ - begin_);
        if (state == ParseState::failed) {
          co_return Error{What::protocol, Side::upstream, Retry::idempotent, 0, parser.reason()};
        }
        if (state == ParseState::done) {
          begin_ += static_cast<uint32_t>(parser.consumed());
          begin_body(head);
          co_return Result<void>();
        }
      }
      if (!io_.readable().is_set()) {
        event::Wake woken = co_await event::wait(scope, begin + limits_.read_timeout, io_.readable());
        if (woken == event::Wake::canceled) {
          co_return Error{scope.why(), Side::client, Retry::no, 0, "canceled"};
        }
        if (woken == event::Wake::timeout && sending_since(begin)) { continue; }
        if (woken == event::Wake::timeout) {
          co_return Error{What::timeout, Side::upstream, Retry::idempotent, ETIMEDOUT, "upstream timed out"};
        }
      }
      const char* before = in_ ? in_->data() + begin_ : nullptr;
      if (!make_room()) {
        co_return Error{What::protocol, Side::upstream, Retry::no, 0, "upstream sent too big header"};
      }
      if (before != nullptr && in_->data() + begin_ != before) { parser.moved(before, in_->data() + begin_); }
      net::IoResult got = io_.read(in_->data() + end_, in_->capacity() - end_);
      if (got.status == net::Io::end) {
        co_return Error{What::closed, Side::upstream, Retry::idempotent, 0,
                        "upstream prematurely closed connection"};
      }
      if (got.status == net::Io::error) {
        co_return Error{What::reset, Side::upstream, Retry::idempotent, got.sys, "recv() failed"};
      }
      end_ += static_cast<uint32_t>(got.count);
      bytes_received_ += got.count;
      begin = clock::now();
    }
  }

  Flow pull(Chain& to, uint64_t room) override {
    if (body_done_) { return Flow::end; }
    if (read_error_.what != What::none) { return Flow::error; }
    if (begin_ == end_) {
      Flow flow = refill(room);
      if (flow != Flow::ok) { return flow; }
    }
    return framing_ == Framing::chunked ? pull_chunked(to) : pull_plain(to);
  }
  event::Ready& source_ready() override { return io_.readable(); }
  Error source_error() const override { return read_error_; }
  uint64_t source_patience() const override { return limits_.read_timeout; }
  void source_timed_out() override {
    read_error_ = {What::timeout, Side::upstream, Retry::no, ETIMEDOUT, "upstream timed out"};
  }

  bool silent() const override { return bytes_received_ == 0; }
  uint64_t bytes_received() const override { return bytes_received_; }
  uint64_t bytes_sent() const override { return bytes_sent_; }
  uint64_t body_received() const override { return body_received_; }
  const Fields& trailers() const override { return trailers_; }
  bool reusable() const override {
    return body_done_ && keepalive_ && begin_ == end_ && last_seen_ && out_.empty() &&
           write_error_.what == What::none && read_error_.what == What::none;
  }
  void take_early(Chain& to) override {
    if (end_ > begin_) { to.append(string_view(in_->data() + begin_, end_ - begin_), in_); }
    begin_ = end_;
  }

 private:
  // The time to answer begins when the request has been sent. True: it was not yet over at `begin`, which is
  // moved.
  bool sending_since(uint64_t& begin) const {
    if (write_error_.what != What::none) { return false; }
    uint64_t until = sent_at_ == 0 ? clock::now() : sent_at_;
    if (until <= begin) { return false; }
    begin = until;
    return true;
  }
  void frame(Chain& from, bool last) {
    if (!chunked_out_) {
      out_.append(std::move(from));
      return;
    }
    if (!from.empty()) {
      BufferRef head(Buffer::make(kChunkHeadRoom));
      size_t size = write_chunk_head(head->data(), from.size());
      out_.append(string_view(head->data(), size), head);
      out_.append(std::move(from));
      out_.append("\r\n");
    }
    if (last && !last_seen_) { out_.append("0\r\n\r\n"); }
  }

  void begin_body(const ResponseHead& head) {
    framing_ = head.framing;
    left_ = head.content_length;
    keepalive_ = head.keepalive;
    bool interim = head.status < 200;
    body_done_ = !interim && (framing_ == Framing::none || (framing_ == Framing::length && left_ == 0));
  }

  // Space for another read behind what is there. False: the head has grown beyond its limit.
  bool make_room() {
    if (!in_) {
      in_ = BufferRef(Buffer::make(kHeadRead));
      begin_ = end_ = 0;
      return true;
    }
    if (in_->capacity() > end_) { return true; }
    size_t size = end_ - begin_;
    if (size > limits_.head) { return false; }
    BufferRef larger(Buffer::make(std::max<size_t>(size * 2, kHeadRead)));
    memcpy(larger->data(), in_->data() + begin_, size);
    // The head that is being parsed refers to the old piece until the parser has been told.
    previous_ = std::move(in_);
    in_ = std::move(larger);
    begin_ = 0;
    end_ = static_cast<uint32_t>(size);
    return true;
  }

  Flow fail_read(What what, int sys, const char* text) {
    read_error_ = {what, Side::upstream, Retry::no, sys, text};
    return Flow::error;
  }

  Flow refill(uint64_t room) {
    if (!io_.readable().is_set()) { return Flow::again; }
    // The head's fields point into the first buffer: it is kept as long as they are needed, and not written
    // over. Nor are bytes that are still on their way: what is left behind them is used up first, or an
    // origin that sends byte by byte would be given a whole piece of memory for each.
    if (!head_) { head_ = in_; }
    size_t size = std::min<uint64_t>(std::max<uint64_t>(room, 4096), limits_.read_size) - 64;
    bool pinned = in_->shared();
    if ((pinned && in_->capacity() - end_ < kTailRead) || (!pinned && in_->capacity() < size)) {
      in_ = BufferRef(Buffer::make(size));
      pinned = false;
    }
    if (!pinned) { end_ = 0; }
    begin_ = end_;
    net::IoResult got = io_.read(in_->data() + end_, in_->capacity() - end_);
    switch (got.status) {
      case net::Io::ok:
        end_ += static_cast<uint32_t>(got.count);
        bytes_received_ += got.count;
        return Flow::ok;
      case net::Io::again:
        return Flow::again;
      case net::Io::end:
        if (framing_ == Framing::close) {
          body_done_ = true;
          return Flow::end;
        }
        return fail_read(What::closed, 0, "upstream prematurely closed connection");
      default:
        return fail_read(What::reset, got.sys, "recv() failed");
    }
  }

  Flow pull_plain(Chain& to) {
    uint64_t size = end_ - begin_;
    if (framing_ == Framing::length) { size = std::min(size, left_); }
    to.append(string_view(in_->data() + begin_, size), in_);
    begin_ += static_cast<uint32_t>(size);
    body_received_ += size;
    if (framing_ != Framing::length) { return Flow::ok; }
    left_ -= size;
    body_done_ = left_ == 0;
    return body_done_ ? Flow::end : Flow::ok;
  }

  Flow pull_chunked(Chain& to) {
    while (begin_ < end_) {
      auto event = chunked_in_.decode(in_->data() + begin_, end_ - begin_);
      begin_ += static_cast<uint32_t>(chunked_in_.consumed());
      if (event == ChunkedDecoder::Event::data) {
        to.append(chunked_in_.data(), in_);
        body_received_ += chunked_in_.data().size();
      } else if (event == ChunkedDecoder::Event::end) {
        body_done_ = true;
        return Flow::end;
      } else if (event == ChunkedDecoder::Event::failed) {
        return fail_read(What::protocol, 0, "upstream sent invalid chunked response");
      }
    }
    return Flow::ok;
  }

  net::Connection& io_;
  OriginLimits limits_;
  Chain out_;
  bool chunked_out_ = false;
  bool last_seen_ = false;
  uint64_t bytes_sent_ = 0;
  uint64_t sent_at_ = 0;  // clock::now() when the whole request had left
  Error write_error_;

  BufferRef in_;
  BufferRef head_;
  BufferRef previous_;
  uint32_t begin_ = 0;
  uint32_t end_ = 0;
  Framing framing_ = Framing::none;
  uint64_t left_ = 0;
  bool body_done_ = false;
  bool keepalive_ = false;
  Fields trailers_;
  ChunkedDecoder chunked_in_;
  uint64_t bytes_received_ = 0;
  uint64_t body_received_ = 0;
  Error read_error_;
};

const OriginRow row{"http/1.1", [](Arena& arena, net::Connection& io, const OriginLimits& limits) -> Origin* {
                      return arena.own<H1Origin>(arena, io, limits);
                    }};
const OriginRegistration registered(row);

}  // namespace

}  // namespace sluice::http::h1
