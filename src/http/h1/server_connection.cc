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
constexpr uint64_t kIdleGrace = 3000;       // milliseconds that an idle one outlives a reload
constexpr uint64_t kHalfCloseGrace = 1000;  // ms a request goes on after its client shut down its side
constexpr uint32_t kMostATurn = 32;         // requests of one pipeline before others have their turn
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

void log_head(const Request& request) {
  request.write_debug("http request line: \"%.*s\"", static_cast<int>(request.head.line.size()),
                      request.head.line.data());
  for (const Field& field : request.head.fields) {
    request.write_debug("http header: \"%.*s: %.*s\"", static_cast<int>(field.name.size()), field.name.data(),
                        static_cast<int>(field.value.size()), field.value.data());
  }
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
  client_.debug = log::debug_wanted && service.debugs(peer);
  service.connections.push_back(this);
  ++service.connection_count;
  service.counts.handled.add();
  service.counts.active.add();
}

ServerConnection::~ServerConnection() {
  --service_.connection_count;
  service_.counts.active.subtract();
}

// Who lingers is still being answered, as nginx counts.
shm::Counter* ServerConnection::counter_of(State state) {
  if (state == State::reading) { return &service_.counts.reading; }
  return state == State::serving || state == State::ending ? &service_.counts.writing : nullptr;
}

void ServerConnection::count_change(State state) {
  shm::Counter* left = counter_of(state_);
  shm::Counter* entered = counter_of(state);
  if (left == entered) { return; }
  if (left != nullptr) { left->subtract(); }
  if (entered != nullptr) { entered->add(); }
}

void ServerConnection::open(int fd) {
  client_.fd = fd;
  if (!io_.open(fd)) {
    close();
    return;
  }
  io_.writable().set();  // a fresh socket takes bytes; the loop says when it does not
  io_.socket().on_event(on_event, this);
  const auto& settings = client_.port->default_server->settings->get<ServerSettings>();
  set(client_.accepted_at + settings.client_header_timeout.count);
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
  clear();
  enter(State::reading);
  service_.worker.nursery.adopt(run());
  log::running = nullptr;
}

// A request is being served: has its client gone?
void ServerConnection::watch_client() {
  if (scope_ == nullptr || ignore_hangup_) { return; }
  bool reading = io_.readable().waited_for();
  if (reading) { return; }
  // A reset looks like readability.
  if (io_.readable().is_set() && io_.broken()) {
    scope_->cancel(What::reset);
    return;
  }
  if (!io_.hangup().is_set() || half_closed_) { return; }
  // It may have left, or only finished sending: the same FIN. Those who wait get their answer if it begins
  // soon.
  half_closed_ = true;
  sent_before_ = exchange_->bytes_sent();
  set(clock::now() + kHalfCloseGrace);
}

// The time of grace for a client that shut down its side is over.
void ServerConnection::judge_half_closed() {
  // A client that has left answers bytes with a reset: this one was sent some and is still there.
  if (exchange_->bytes_sent() > sent_before_) { return; }
  if (exchange_->unsent() > 0) {
    set(clock::now() + kHalfCloseGrace);
  } else {
    scope_->cancel(What::closed);
  }
}

void ServerConnection::met() {
  if (state_ == State::idle) {
    // A request may have come in this very moment.
    if (more_waiting()) {
      set(clock::now() + kLastChance);
    } else {
      close();
    }
  } else if (state_ == State::serving && scope_ != nullptr && half_closed_ && !ignore_hangup_) {
    judge_half_closed();
  }
}

void ServerConnection::retire(bool gently) {
  if (state_ != State::idle) { return; }
  // Who has just connected is about to send a request, and one that is on its way would be lost.
  bool expected = client_.requests == 0 || more_waiting();
  if (expected) {
    set(clock::now() + kLastChance);
  } else if (gently) {
    bring_forward(clock::now() + kIdleGrace);
  } else {
    close();
  }
}

void ServerConnection::end_tunnel() {
  if (state_ == State::serving && exchange_->upgraded() && scope_ != nullptr) {
    scope_->cancel(What::canceled);
  }
}

// More of the client has come than has been read, as far as the system knows now.
bool ServerConnection::more_waiting() {
  char byte = 0;
  return buffered() > 0 || ::recv(client_.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
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
  enter(State::idle);
  const Server& server = *client_.port->default_server;
  uint64_t first = client_.accepted_at + server.settings->get<ServerSettings>().client_header_timeout.count;
  uint64_t next = clock::now() + server.root.core->keepalive_timeout.count;
  set(client_.requests == 0 ? first : next);
  if (service_.retiring) { bring_forward(clock::now() + kIdleGrace); }
  // Least recently used first, so that the first idle one found is the cheapest to lose.
  service_.connections.push_back(this);
}

void ServerConnection::close() {
  if (state_ == State::closed) { return; }
  enter(State::closed);
  if (log::debug_wanted && (client_.debug || log::main_log().on(log::Level::debug))) [[unlikely]] {
    log::write(log::main_log().debugging(), log::Level::debug, nullptr, 0, "*%llu close http connection: %d",
               static_cast<unsigned long long>(client_.number), client_.fd);
  }
  clear();
  drop_input();
  io_.close();
  event::Loop::current().discard(this);
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

// Reads until the head is complete, or there is nothing to serve.
event::Task<ServerConnection::HeadRead> ServerConnection::read_head(ServerExchange& exchange,
                                                                    HeadReader& reader) {
  // One deadline for the whole head, so that a byte now and then does not keep the connection; the first
  // head's time began when the client came.
  uint64_t begin = client_.requests == 0 ? client_.accepted_at : clock::now();
  uint64_t deadline = begin + reader.settings.client_header_timeout.count;
  ParseState state = ParseState::more;
  while (true) {
    if (buffered() > 0) { state = reader.parser.parse(input(), buffered()); }
    if (state != ParseState::more) { co_return HeadRead::complete; }
    if (!io_.readable().is_set()) {
      if (buffered() == 0) { co_return HeadRead::nothing; }
      event::Wake woken = co_await event::wait(exchange.scope(), deadline, io_.readable());
      if (woken == event::Wake::timeout) { co_return HeadRead::late; }
      if (woken == event::Wake::canceled) { co_return HeadRead::ended; }
    }
    const char* before = in_ ? input() : nullptr;
    if (make_room(1) != 0) { reader.parser.moved(before, input()); }
    net::IoResult got = io_.read(in_->data() + end_, in_->capacity() - end_);
    if (got.status == net::Io::end || got.status == net::Io::error) { co_return HeadRead::ended; }
    end_ += static_cast<uint32_t>(got.count);
  }
}

// Of a line that was not understood, or not all received, the log shows what there is.
void ServerConnection::note_line(Request& request) const {
  if (!request.head.line.empty() || buffered() == 0) { return; }
  string_view text(input(), buffered());
  request.head.line = text.substr(0, text.find_first_of("\r\n"));
}

// The client left within the head: nobody can be answered, but it was a request.
void ServerConnection::log_broken_head(Request& request) {
  ++client_.requests;
  service_.counts.requests.add();
  request.response.status = 400;
  SLUICE_REQUEST_LOG(request, info, 0, "client prematurely closed connection while reading client request %s",
                     request.head.path.empty() ? "line" : "headers");
  finish(request);
}

// One request after another, until there is nothing more to read.
event::Task<void> ServerConnection::run() {
  Next next = Next::close;
  do {
    ServerExchange exchange(*this);
    Request request(service_.config, exchange);
    HeadReader reader(request, client_.port->default_server->settings->get<ServerSettings>());
    begin_reading(exchange, request);
    HeadRead read = HeadRead::complete;
    bool complete = read_at_once(reader);
    if (!complete) { read = co_await read_head(exchange, reader); }
    note_line(request);
    if (read == HeadRead::nothing || read == HeadRead::ended) {
      if (buffered() > 0 && !exchange.scope().canceled()) { log_broken_head(request); }
      scope_ = nullptr;
      bool stays = read == HeadRead::nothing && (!service_.retiring || service_.worker.gently);
      next = stays ? Next::idle : Next::close;
      break;
    }
    uint16_t refused = judge_head(exchange, request, reader, read == HeadRead::late);
    begin_request(exchange, request, refused);
    if (log::debug_wanted) [[unlikely]] { log_head(request); }
    co_await serve(request, prepare(request, refused));
    log::running = nullptr;
    clear();
    scope_ = nullptr;
    if (broken(exchange, request)) {
      finish(request);
      reset_if_due(exchange, request);
      next = Next::close;
      break;
    }
    if (!exchange.body_read() && !exchange.closes_after()) { co_await finish_body(exchange); }
    next = after(exchange, request.core(), refused != 0);
    finish(request);
    // A deep pipeline must not keep the others waiting.
    if (next == Next::request && client_.requests % kMostATurn == 0) {
      bool go_on = co_await take_turns();
      if (!go_on) { next = Next::close; }
    }
  } while (next == Next::request);
  if (next == Next::linger) { co_await linger(); }
  if (next == Next::idle) {
    become_idle();
  } else {
    close();
  }
}

void ServerConnection::begin_reading(ServerExchange& exchange, Request& request) {
  enter(State::reading);
  scope_ = &exchange.scope();
  exchange_ = &exchange;
  request.started_at = clock::now();
  client_.pipelined = buffered() > 0;
}

// The status that the head itself has earned, or 0.
uint16_t ServerConnection::judge_head(ServerExchange& exchange, Request& request, HeadReader& reader,
                                      bool late) {
  uint16_t refused = reader.parser.status();
  if (late) {
    refused = 408;
    exchange.source_timed_out();
    SLUICE_REQUEST_LOG(request, info, ETIMEDOUT, "client timed out while reading client request headers");
  } else if (refused != 0) {
    SLUICE_REQUEST_LOG(request, info, 0, "%s while reading client request", reader.parser.reason());
  }
  begin_ += static_cast<uint32_t>(reader.parser.consumed());
  return refused;
}

// The connection cannot carry another request, nor anything else.
bool ServerConnection::broken(ServerExchange& exchange, const Request& request) const {
  return exchange.aborted() || exchange.timed_out() || exchange.upgraded() || request.discard_connection ||
         exchange.scope().canceled() || exchange.sink_error().what != What::none;
}

// Some ends the client must see as such, and some it is not worth a last word.
void ServerConnection::reset_if_due(const ServerExchange& exchange, const Request& request) {
  bool wanted =
      (exchange.timed_out() || request.discard_connection) && request.core().reset_timedout_connection;
  if ((wanted || exchange.end_is_invisible()) && io_.is_open()) { io_.reset(); }
}

void ServerConnection::begin_request(ServerExchange& exchange, Request& request, uint16_t refused) {
  ++client_.requests;
  service_.counts.requests.add();
  enter(State::serving);
  half_closed_ = false;
  ignore_hangup_ = false;
  exchange.begin(request);
  request.scope.set_subject(&request);
  log::running = &request;
  if (refused != 0) {
    exchange.close_after();
    request.head.framing = Framing::none;
  }
  if (io_.hangup().is_set()) { watch_client(); }
}

// What the connection does when its request has been answered.
ServerConnection::Next ServerConnection::after(ServerExchange& exchange, const CoreSettings& core,
                                               bool refused) {
  bool retire = service_.retiring && !service_.worker.gently && buffered() == 0;
  if (exchange.closes_after() || !exchange.body_read() || retire) {
    // More may be on its way behind a head that was refused: nobody knows where it ends.
    bool more = refused || buffered() > 0 || io_.readable().is_set() || !exchange.body_read();
    bool linger = core.lingering == Lingering::always || (core.lingering == Lingering::on && more);
    return linger ? Next::linger : Next::close;
  }
  return buffered() > 0 || io_.readable().is_set() ? Next::request : Next::idle;
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

// False: stopped meanwhile.
event::Task<bool> ServerConnection::take_turns() {
  event::Scope scope;
  enter(State::reading);
  scope_ = &scope;
  co_await event::next_turn(scope);
  scope_ = nullptr;
  co_return !scope.canceled();
}

// Closing while the client still sends would reset the connection and might destroy the answer on its way.
event::Task<void> ServerConnection::linger() {
  enter(State::ending);
  const CoreSettings& core = *client_.port->default_server->root.core;
  event::Scope scope;
  scope_ = &scope;
  uint64_t end = clock::now() + core.lingering_time.count;
  io_.shutdown_write();
  in_ = BufferRef(Buffer::make(kFirstRead));
  while (true) {
    net::IoResult got = io_.read(in_->data(), in_->capacity());
    if (got.status == net::Io::end || got.status == net::Io::error) { break; }
    if (got.status == net::Io::ok && clock::now() < end) {
      co_await event::next_turn(scope);
      if (!scope.canceled()) { continue; }
      break;
    }
    uint64_t deadline = std::min(end, clock::now() + core.lingering_timeout.count);
    event::Wake woken = co_await event::wait(scope, deadline, io_.readable());
    if (woken != event::Wake::ready) { break; }
  }
  scope_ = nullptr;
}

}  // namespace sluice::http::h1
