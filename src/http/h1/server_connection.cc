#include "http/h1/server_connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "base/log.h"
#include "http/h1/request_parser.h"
#include "http/h1/server_exchange.h"
#include "http/serve.h"

namespace sluice::http::h1 {

namespace {

constexpr size_t kFirstRead = 4096 - 64;    // room for almost every head; one pool piece with its bookkeeping
constexpr uint64_t kLastChance = 1000;      // milliseconds for the first request when the worker retires
constexpr uint64_t kHalfCloseGrace = 1000;  // ms a request goes on after its client shut down its side
constexpr uint64_t kMostDiscarded = 1 << 20;  // bytes of an unread body read away to save the connection

void start(Service& service, int fd, const sockaddr* peer, socklen_t length, const Port& port) {
  auto* connection = new ServerConnection(service, peer, length, port);
  connection->open(fd);
}

const ProtocolRow protocol{"http/1.1", start};
const ProtocolRegistration registered(protocol);

RequestLimits limits_of(const ServerSettings& settings) {
  RequestLimits limits;
  auto& buffers = settings.large_client_header_buffers;
  limits.line = static_cast<uint32_t>(std::min<uint64_t>(buffers.size, 1 << 24));
  limits.field = limits.line;
  limits.head = static_cast<uint32_t>(std::min<uint64_t>(
      std::max(buffers.size * buffers.count, settings.client_header_buffer_size.bytes), 1 << 26));
  limits.fields = static_cast<uint32_t>(std::min<uint64_t>(settings.max_headers, 1 << 16));
  limits.ignore_invalid = settings.ignore_invalid_headers;
  limits.underscores = settings.underscores_in_headers;
  return limits;
}

}  // namespace

// Reads one head. A plain object driven by read_head(), so that a head that arrives in one piece costs no
// coroutine.
class HeadReader {
 public:
  HeadReader(Request& request, const ServerSettings& settings)
      : settings(settings), parser(request.head, limits_of(settings)) {}
  const ServerSettings& settings;
  RequestParser parser;
};

ServerConnection::ServerConnection(Service& service, const sockaddr* peer, socklen_t length, const Port& port)
    : service_(service) {
  client_.number = service.next_number++;
  client_.peer.set(peer, length);
  client_.port = &port;
  client_.accepted_at = clock::now();
  service.connections.push_back(this);
  ++service.connection_count;
}

ServerConnection::~ServerConnection() { --service_.connection_count; }

void ServerConnection::open(int fd) {
  client_.fd = fd;
  if (!io_.open(fd)) {
    close();
    return;
  }
  io_.writable().set();  // a fresh socket takes bytes; the loop says when it does not
  io_.socket().on_event(on_event, this);
  const auto& settings = client_.port->default_server->settings->get<ServerSettings>();
  event::Loop::current().arm(*this, client_.accepted_at + settings.client_header_timeout.count);
}

void ServerConnection::on_event(void* self) {
  auto* connection = static_cast<ServerConnection*>(self);
  if (connection->state_ == State::idle) {
    if (connection->io_.readable().is_set()) { connection->wake(); }
  } else if (connection->state_ == State::serving) {
    connection->watch_client();
  }
}

void ServerConnection::wake() {
  disarm();
  state_ = State::reading;
  service_.worker.nursery.adopt(run());
}

// A request is being served: has its client gone?
void ServerConnection::watch_client() {
  if (scope_ == nullptr || ignore_hangup_) { return; }
  bool reading = io_.readable().waited_for();
  if (!io_.hangup().is_set()) {
    // A reset looks like readability.
    if (!reading && io_.readable().is_set() && io_.broken()) { scope_->cancel(What::reset); }
    return;
  }
  if (reading || half_closed_) { return; }
  if (io_.broken()) {
    scope_->cancel(What::reset);
    return;
  }
  // It may have left, or only finished sending: the same FIN. Those who wait get their answer if it comes
  // soon.
  half_closed_ = true;
  event::Loop::current().arm(*this, clock::now() + kHalfCloseGrace);
}

void ServerConnection::expired() {
  if (state_ == State::idle) {
    close();
  } else if (state_ == State::serving && scope_ != nullptr && half_closed_ && !ignore_hangup_) {
    scope_->cancel(What::closed);
  }
}

void ServerConnection::retire() {
  if (state_ != State::idle) { return; }
  // Who has just connected is about to send a request, and one that is on its way would be lost.
  char byte = 0;
  bool sending = ::recv(client_.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
  if (client_.requests == 0 || sending) {
    event::Loop::current().arm(*this, clock::now() + kLastChance);
  } else {
    close();
  }
}

void ServerConnection::stop() {
  if (scope_ != nullptr) { scope_->cancel(What::canceled); }
  if (state_ == State::idle || state_ == State::closed) { close(); }
}

ptrdiff_t ServerConnection::make_room(size_t least) {
  if (!in_) {
    in_ = BufferRef(Buffer::make(std::max(kFirstRead, least)));
    begin_ = end_ = 0;
    return 0;
  }
  if (in_->capacity() - end_ >= least && !in_->shared()) { return 0; }
  size_t size = buffered();
  const char* before = input();
  BufferRef larger(Buffer::make(std::max(size * 2, size + least + kFirstRead)));
  memcpy(larger->data(), before, size);
  in_ = std::move(larger);
  begin_ = 0;
  end_ = static_cast<uint32_t>(size);
  return input() - before;
}

void ServerConnection::drop_input() {
  in_.reset();
  begin_ = end_ = 0;
}

void ServerConnection::become_idle() {
  drop_input();
  state_ = State::idle;
  const auto& core = *client_.port->default_server->root.core;
  event::Loop::current().arm(*this, clock::now() + core.keepalive_timeout.count);
  // Least recently used first, so that the first idle one found is the cheapest to lose.
  service_.connections.push_back(this);
}

void ServerConnection::close() {
  if (state_ == State::closed) { return; }
  state_ = State::closed;
  disarm();
  drop_input();
  io_.close();
  event::Loop::current().discard(this);
}

void ServerConnection::close_or_reset(bool timed_out) {
  const auto& core = *client_.port->default_server->root.core;
  if (timed_out && core.reset_timedout_connection && io_.is_open()) { io_.reset(); }
  close();
}

event::Task<void> ServerConnection::run() {
  while (true) {
    Next next = co_await serve_one();
    if (next == Next::request) { continue; }
    if (next == Next::linger) { co_await linger(); }
    if (next == Next::idle) {
      become_idle();
    } else {
      close();
    }
    co_return;
  }
}

// What can be had without waiting. A head that arrives in one piece needs no coroutine to read it.
bool ServerConnection::read_at_once(HeadReader& reader) {
  if (buffered() == 0) {
    if (!io_.readable().is_set()) { return false; }
    make_room(1);
    net::IoResult got = io_.read(in_->data() + end_, in_->capacity() - end_);
    if (got.status != net::Io::ok) { return false; }
    end_ += static_cast<uint32_t>(got.count);
  }
  return reader.parser.parse(input(), buffered()) != ParseState::more;
}

// Reads until the head is complete. False: there is no request to serve (the connection ended, or never began
// one).
event::Task<bool> ServerConnection::read_head(ServerExchange& exchange, HeadReader& reader) {
  uint64_t deadline = clock::now() + reader.settings.client_header_timeout.count;
  ParseState state = ParseState::more;
  while (true) {
    if (buffered() > 0) { state = reader.parser.parse(input(), buffered()); }
    if (state != ParseState::more) { co_return true; }
    if (!io_.readable().is_set()) {
      event::Wake woken = co_await event::wait(exchange.scope(), deadline, io_.readable());
      if (woken != event::Wake::ready) { co_return false; }
    }
    const char* before = in_ ? input() : nullptr;
    if (make_room(1) != 0) { reader.parser.moved(before, input()); }
    net::IoResult got = io_.read(in_->data() + end_, in_->capacity() - end_);
    if (got.status == net::Io::end || got.status == net::Io::error) { co_return false; }
    end_ += static_cast<uint32_t>(got.count);
  }
}

event::Task<ServerConnection::Next> ServerConnection::serve_one() {
  ServerExchange exchange(*this);
  Request request(service_.config, exchange);
  scope_ = &exchange.scope();
  request.started_at = clock::now();
  client_.pipelined = buffered() > 0;
  HeadReader reader(request, client_.port->default_server->settings->get<ServerSettings>());
  state_ = State::reading;
  bool complete = read_at_once(reader);
  if (!complete) { complete = co_await read_head(exchange, reader); }
  if (!complete) {
    scope_ = nullptr;
    bool late = io_.is_open() && !io_.hangup().is_set() && buffered() > 0;
    if (late && !exchange.scope().canceled()) {
      SLUICE_REQUEST_LOG(request, info, ETIMEDOUT, "client timed out while reading client request headers");
    }
    co_return Next::close;
  }
  begin_ += static_cast<uint32_t>(reader.parser.consumed());
  ++client_.requests;
  state_ = State::serving;
  half_closed_ = false;
  ignore_hangup_ = false;
  uint16_t refused = reader.parser.status();
  if (refused != 0) {
    SLUICE_REQUEST_LOG(request, info, 0, "%s while reading client request", reader.parser.reason());
    exchange.begin(request);
    exchange.close_after();
    request.head.framing = Framing::none;
  } else {
    exchange.begin(request);
  }
  if (io_.hangup().is_set()) { watch_client(); }
  co_await serve(request, refused);
  disarm();
  scope_ = nullptr;
  if (exchange.aborted() || exchange.timed_out() || exchange.upgraded() || request.discard_connection) {
    bool reset = exchange.timed_out() || request.discard_connection;
    if (reset && request.core().reset_timedout_connection && io_.is_open()) { io_.reset(); }
    co_return Next::close;
  }
  if (exchange.scope().canceled() || exchange.sink_error().what != What::none) { co_return Next::close; }
  if (!exchange.body_read() && !exchange.closes_after()) { co_await finish_body(exchange); }
  const CoreSettings& core = request.core();
  bool spent = client_.requests >= core.keepalive_requests ||
               clock::now() - client_.accepted_at >= core.keepalive_time.count || service_.retiring;
  if (exchange.closes_after() || !exchange.body_read() || (spent && buffered() == 0)) {
    bool more = buffered() > 0 || io_.readable().is_set() || !exchange.body_read();
    bool linger = core.lingering == Lingering::always || (core.lingering == Lingering::on && more);
    co_return linger ? Next::linger : Next::close;
  }
  if (buffered() > 0 || io_.readable().is_set()) { co_return Next::request; }
  co_return Next::idle;
}

// The answer is out and the client's body is not all in: reads it away, when that is cheaper than a new
// connection.
event::Task<void> ServerConnection::finish_body(ServerExchange& exchange) {
  uint64_t discarded = 0;
  uint64_t deadline = clock::now() + client_.port->default_server->root.core->lingering_timeout.count;
  while (discarded < kMostDiscarded) {
    Chain waste;
    Flow flow = exchange.pull(waste, kMostDiscarded);
    discarded += waste.size();
    if (flow == Flow::end || flow == Flow::error) { co_return; }
    if (flow == Flow::ok) { continue; }
    event::Wake woken = co_await event::wait(exchange.scope(), deadline, io_.readable());
    if (woken != event::Wake::ready) { break; }
  }
  exchange.close_after();
}

// Closing while the client still sends would reset the connection and might destroy the answer on its way.
event::Task<void> ServerConnection::linger() {
  state_ = State::ending;
  const CoreSettings& core = *client_.port->default_server->root.core;
  event::Scope scope;
  scope_ = &scope;
  uint64_t end = clock::now() + core.lingering_time.count;
  io_.shutdown_write();
  in_ = BufferRef(Buffer::make(kFirstRead));
  while (true) {
    net::IoResult got = io_.read(in_->data(), in_->capacity());
    if (got.status == net::Io::end || got.status == net::Io::error) { break; }
    if (got.status == net::Io::ok && clock::now() < end) { continue; }
    uint64_t deadline = std::min(end, clock::now() + core.lingering_timeout.count);
    event::Wake woken = co_await event::wait(scope, deadline, io_.readable());
    if (woken != event::Wake::ready) { break; }
  }
  scope_ = nullptr;
}

}  // namespace sluice::http::h1
