#include "http/h1/server_exchange.h"

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "base/text.h"
#include "http/browser.h"
#include "http/error_page_text.h"
#include "http/hop_by_hop.h"

namespace sluice::http::h1 {

namespace {

constexpr size_t kSmallRead = 16 << 10;
constexpr size_t kLargeRead = 64 << 10;  // bytes a read once a body is known to be large

// Composes a head in memory that is large enough.
class HeadWriter {
 public:
  explicit HeadWriter(char* out) : at_(out) {}
  template <size_t N>
  void text(const char (&literal)[N]) {
    memcpy(at_, literal, N - 1);
    at_ += N - 1;
  }
  void text(string_view t) { at_ = put(at_, t); }
  void field(string_view name, string_view value) {
    text(name);
    text(": ");
    text(value);
    text("\r\n");
  }
  void number(uint64_t value) { at_ = write_decimal(at_, value); }
  // `status` has three digits.
  void status_line(uint16_t status, string_view reason) {
    text("HTTP/1.1 ");
    at_[0] = static_cast<char>('0' + status / 100);
    at_[1] = static_cast<char>('0' + status / 10 % 10);
    at_[2] = static_cast<char>('0' + status % 10);
    at_[3] = ' ';
    at_ = put(at_ + 4, reason);
    text("\r\n");
  }
  char* end() const { return at_; }

 private:
  char* at_;
};

size_t room_for(const Fields& fields) {
  size_t total = 0;
  for (const Field& field : fields) { total += field.name.size() + field.value.size() + 4; }
  return total;
}

// Whether this is a browser that deals badly with another answer on its connection.
bool keepalive_disabled(const CoreSettings& core, const RequestHead& head) {
  bool old = core.keepalive_disable.msie6 && head.method == Method::post;
  if (!old && !core.keepalive_disable.safari) [[likely]] { return false; }
  string_view agent = head.fields.value(FieldId::user_agent);
  return (old && is_old_explorer(agent)) || (core.keepalive_disable.safari && is_safari(agent));
}

}  // namespace

void ServerExchange::begin(Request& request) {
  request_ = &request;
  head_ = connection_.in_;
  framing_ = request.head.framing;
  left_ = request.head.content_length;
  body_done_ = framing_ == Framing::none || (framing_ == Framing::length && left_ == 0);
  keepalive_ = request.head.keepalive;
  waits_for_invitation_ = request.head.expect_continue && !body_done_;
}

// --- the request's body ---

void ServerExchange::invite_body() {
  if (!waits_for_invitation_) { return; }
  waits_for_invitation_ = false;
  if (head_written_ || connection_.buffered() > 0) { return; }
  out_.append("HTTP/1.1 100 Continue\r\n\r\n");
  flush();
}

Flow ServerExchange::fail_read(What what, int sys, const char* text) {
  read_error_ = {what, Side::client, Retry::no, sys, text};
  keepalive_ = false;
  return Flow::error;
}

// Fetches more bytes from the socket into the connection's buffer.
Flow ServerExchange::refill() {
  read_patience_ = request_->core().client_body_timeout.count;
  if (!connection_.io_.readable().is_set()) { return Flow::again; }
  size_t wanted = (left_ > kSmallRead ? kLargeRead : kSmallRead) - 64;
  ServerConnection& c = connection_;
  // Bytes that are still needed stay where they are. What is left behind them is used up first, or a client
  // that sends byte by byte would be given a whole piece of memory for each.
  bool pinned = c.in_ && c.in_->shared();
  if (!c.in_ || (pinned && c.in_->capacity() - c.end_ < wanted / 4) ||
      (!pinned && c.in_->capacity() < wanted)) {
    c.in_ = BufferRef(Buffer::make(wanted));
    pinned = false;
  }
  if (!pinned) { c.end_ = 0; }
  c.begin_ = c.end_;
  net::IoResult got = c.io_.read(c.in_->data() + c.end_, c.in_->capacity() - c.end_);
  switch (got.status) {
    case net::Io::ok:
      c.end_ += static_cast<uint32_t>(got.count);
      return Flow::ok;
    case net::Io::again:
      return Flow::again;
    case net::Io::end:
      // It may still read: half a request is a bad one.
      return fail_read(What::protocol, 0, "client prematurely closed connection");
    default:
      return fail_read(What::reset, got.sys, "recv() failed");
  }
}

void ServerExchange::take_input(Chain& to, size_t size) {
  to.append({connection_.input(), size}, connection_.in_);
  connection_.begin_ += static_cast<uint32_t>(size);
}

Flow ServerExchange::pull_length(Chain& to, uint64_t room) {
  if (connection_.buffered() == 0) {
    Flow flow = refill();
    if (flow != Flow::ok) { return flow; }
  }
  auto size = static_cast<size_t>(std::min<uint64_t>({connection_.buffered(), left_, room}));
  take_input(to, size);
  body_received_ += size;
  left_ -= size;
  body_done_ = left_ == 0;
  return body_done_ ? Flow::end : Flow::ok;
}

// A length is checked before anything is read (serve.cc); chunks tell only as they come.
bool ServerExchange::within_limit(uint64_t more) {
  received_ += more;
  uint64_t limit = request_->core().client_max_body_size.bytes;
  return limit == 0 || received_ <= limit;
}

// Of a chunked body: data and framing.
void ServerExchange::consume(size_t size) {
  connection_.begin_ += static_cast<uint32_t>(size);
  body_received_ += size;
}

Flow ServerExchange::pull_chunked(Chain& to, uint64_t room) {
  uint64_t taken = 0;
  while (taken < room) {
    if (connection_.buffered() == 0) {
      Flow flow = taken > 0 ? Flow::ok : refill();
      if (flow != Flow::ok || taken > 0) { return flow; }
    }
    auto event = chunked_in_.decode(connection_.input(), connection_.buffered());
    size_t used = chunked_in_.consumed();
    switch (event) {
      case ChunkedDecoder::Event::data:
        if (!within_limit(chunked_in_.data().size())) {
          return fail_read(What::too_large, 0, "client intended to send too large chunked body");
        }
        to.append(chunked_in_.data(), connection_.in_);
        taken += chunked_in_.data().size();
        break;
      case ChunkedDecoder::Event::end:
        consume(used);
        body_done_ = true;
        return Flow::end;
      case ChunkedDecoder::Event::failed:
        return fail_read(What::protocol, 0, chunked_in_.reason());
      case ChunkedDecoder::Event::more:
        break;
    }
    consume(used);
  }
  return Flow::ok;
}

Flow ServerExchange::pull(Chain& to, uint64_t room) {
  if (body_done_) { return Flow::end; }
  if (read_error_.what != What::none) { return Flow::error; }
  return framing_ == Framing::chunked ? pull_chunked(to, room) : pull_length(to, room);
}

void ServerExchange::source_timed_out() {
  fail_read(What::timeout, ETIMEDOUT, "client timed out");
  timed_out_ = true;
}

// --- the answer ---

void ServerExchange::write_interim(const ResponseHead& head) {
  if (head_written_ || request_->head.minor == 0) { return; }
  Arena& arena = request_->arena();
  char* memory = arena.characters(64 + head.reason.size() + room_for(head.fields));
  HeadWriter out(memory);
  out.status_line(head.status, head.reason.empty() ? reason_phrase(head.status) : head.reason);
  HopByHop hop(head.fields);
  for (const Field& field : head.fields) {
    if (!hop.ends_here(field)) { out.field(field.name, field.value); }
  }
  out.text("\r\n");
  out_.append(string_view(memory, static_cast<size_t>(out.end() - memory)));
  flush();
}

// Whether this connection may carry another request: what the client is told is what happens.
bool ServerExchange::may_keep() const {
  const CoreSettings& core = request_->core();
  const Client& client = connection_.client_;
  return core.keepalive_timeout.count != 0 && client.requests < core.keepalive_requests &&
         clock::now() - client.accepted_at < core.keepalive_time.count &&
         (!connection_.service_.retiring || connection_.more_waiting()) &&
         !keepalive_disabled(core, request_->head);
}

void ServerExchange::write_head(Request& request, int64_t length, bool body) {
  const Response& response = request.response;
  const CoreSettings& core = request.core();
  bool no_length = response.status == 204 || response.status < 200 || response.status == 304;
  bool may_chunk = request.head.minor >= 1 && core.chunked_transfer_encoding;
  // Only a chunked body has room for trailers behind it.
  if (body && !no_length && may_chunk && !response.trailers.empty()) { length = -1; }
  bool unframed = body && length < 0 && !no_length;
  bool switching = response.status == 101;
  chunked_out_ = unframed && may_chunk;
  if (unframed && !chunked_out_) { keepalive_ = false; }
  // Nobody knows whether the body will come.
  if (!body_done_ && waits_for_invitation_) { keepalive_ = false; }
  if (!may_keep()) { keepalive_ = false; }
  no_body_ = !body;
  length_left_ = body && !unframed ? length : -1;
  write_patience_ = core.send_timeout.count;
  if (core.sendfile_max_chunk.bytes != 0) { most_sendfile_ = core.sendfile_max_chunk.bytes; }
  // Sockets come with the usual answer: no call for each of them.
  if (core.tcp_nodelay != connection_.client_.nodelay) {
    connection_.client_.nodelay = core.tcp_nodelay;
    connection_.io_.set_nodelay(core.tcp_nodelay);
  }

  string_view reason = response.reason.empty() ? reason_phrase(response.status) : response.reason;
  string_view product = response.fields.has(FieldId::server) ? string_view() : request.product();
  size_t room =
      512 + product.size() + reason.size() + response.content_type.size() + room_for(response.fields);
  char* memory = request.arena().characters(room);
  HeadWriter out(memory);
  out.status_line(response.status, reason);
  if (!product.empty()) { out.field("Server", product); }
  if (!response.fields.has(FieldId::date)) { out.field("Date", clock::http_date()); }
  if (!response.content_type.empty()) { out.field("Content-Type", response.content_type); }
  if (length >= 0 && !no_length) {
    out.text("Content-Length: ");
    out.number(static_cast<uint64_t>(length));
    out.text("\r\n");
  }
  if (chunked_out_) { out.text("Transfer-Encoding: chunked\r\n"); }
  out.text(string_view(switching    ? "Connection: upgrade\r\n"
                       : keepalive_ ? "Connection: keep-alive\r\n"
                                    : "Connection: close\r\n"));
  if (keepalive_ && core.keepalive_header != 0) {
    out.text("Keep-Alive: timeout=");
    out.number(core.keepalive_header);
    out.text("\r\n");
  }
  for (const Field& field : response.fields) { out.field(field.name, field.value); }
  out.text("\r\n");
  out_.append(string_view(memory, static_cast<size_t>(out.end() - memory)));
  head_written_ = true;
}

void ServerExchange::write_trailers(const Fields& trailers) {
  if (!chunked_out_ || trailers.empty()) { return; }
  char* memory = request_->arena().characters(room_for(trailers));
  HeadWriter out(memory);
  for (const Field& field : trailers) { out.field(field.name, field.value); }
  trailers_ = {memory, static_cast<size_t>(out.end() - memory)};
}

void ServerExchange::frame(Chain& from, bool last) {
  if (no_body_) {
    from.clear();
    return;
  }
  if (!chunked_out_) {
    // An origin may not exceed what its head announced, or the next answer would begin in the middle of this
    // one.
    if (length_left_ >= 0 && from.size() > static_cast<uint64_t>(length_left_)) {
      Chain fitting;
      from.move_to(fitting, static_cast<uint64_t>(length_left_));
      from = std::move(fitting);
    }
    if (length_left_ >= 0) { length_left_ -= static_cast<int64_t>(from.size()); }
    out_.append(std::move(from));
    return;
  }
  if (!from.empty()) {
    BufferRef head(Buffer::make(kChunkHeadRoom));
    size_t size = write_chunk_head(head->data(), from.size());
    out_.append({head->data(), size}, head);
    out_.append(std::move(from));
    out_.append("\r\n");
  }
  if (last) {
    if (trailers_.empty()) {
      out_.append("0\r\n\r\n");
    } else {
      out_.append("0\r\n");
      out_.append(trailers_);
      out_.append("\r\n");
    }
  }
}

Flow ServerExchange::flush() {
  if (out_.empty()) { return Flow::ok; }
  if (!connection_.io_.writable().is_set()) { return Flow::again; }
  net::IoResult written = connection_.io_.write(out_, most_sendfile_);
  bytes_sent_ += written.count;
  switch (written.status) {
    case net::Io::ok:
      return Flow::ok;
    case net::Io::again:
      return Flow::again;
    default:
      write_error_ = {What::reset, Side::client, Retry::no, written.sys, "send() failed"};
      keepalive_ = false;
      return Flow::error;
  }
}

Flow ServerExchange::push(Chain& from, bool last) {
  if (write_error_.what != What::none) { return Flow::error; }
  if (!last_seen_) { frame(from, last); }
  last_seen_ = last_seen_ || last;
  // Shorter than announced: visible only by closing.
  if (last && length_left_ > 0 && !no_body_) { aborted_ = true; }
  Flow flow = flush();
  if (flow == Flow::ok && last_seen_) { return Flow::end; }
  return flow;
}

void ServerExchange::sink_timed_out() {
  write_error_ = {What::timeout, Side::client, Retry::no, ETIMEDOUT, "client timed out"};
  keepalive_ = false;
  timed_out_ = true;
}

net::Connection* ServerExchange::upgrade(Chain& early) {
  upgraded_ = true;
  keepalive_ = false;
  if (connection_.buffered() > 0) { take_input(early, connection_.buffered()); }
  return &connection_.io_;
}

}  // namespace sluice::http::h1
