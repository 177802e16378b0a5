// Proxying one request: find the target, connect, send, read the answer's head; try the next peer when that
// may help.
#include "http/content/proxy.h"

#include <sys/socket.h>

#include <algorithm>

#include "base/clock.h"
#include "base/text.h"
#include "http/content/proxy_try.h"
#include "http/relay.h"
#include "http/request_body.h"
#include "http/serve.h"
#include "http/uri.h"

namespace sluice::http {

namespace {

bool upgrade_wanted(const Request& r, const ProxySettings& settings) {
  if (!r.head.fields.has(FieldId::upgrade) || r.head.minor < 1 || r.subrequest) { return false; }
  bool asked = false;
  each_member(r.head.fields.combined(FieldId::connection),
              [&](string_view option) { asked = asked || iequals(option, "upgrade"); });
  if (!asked || names_h2c(r.head.fields.value(FieldId::upgrade))) { return false; }
  if (settings.set_names.has(FieldId::upgrade)) { return true; }
  string_view token = r.head.fields.value(FieldId::upgrade);
  return std::any_of(settings.upgrade_tokens.begin(), settings.upgrade_tokens.end(),
                     [&](const std::string& listed) { return iequals(listed, token); });
}

class Proxying {
 public:
  Proxying(Request& r, const ProxyPass& pass) : r(r), pass(pass), settings(r.settings<ProxySettings>()) {}

  event::Task<Result<void>> run();

 private:
  event::Task<Result<void>> prepare_body();
  bool choose_peer(const Error& failure);
  bool stale(const Try& now, const Error& error);
  bool take_pooled(Try& now);
  event::Task<Result<void>> connect(Try& now);
  Flow send_request(Try& now);
  void note_exchange(Try& now, bool got_head);
  event::Task<Result<void>> read_past_interim(Try& now, event::Scope& scope);
  Result<void> check_switch() const;
  void gather_body();
  // An error page, or what X-Accel-Redirect named, is fetched with GET whatever the request was.
  bool sends_body() const { return settings.pass_request_body && r.method_override.empty(); }
  event::Task<Result<void>> send_and_read(Try& now);
  event::Task<Result<void>> pump_body(Origin& origin, event::Scope& sending, event::Scope& reading);
  event::Task<Result<void>> respond(Try& now, event::Scope& sending, event::Scope& reading);
  bool may_retry(const Error& error, uint32_t condition) const;
  bool next_may_help() const;
  bool try_next_on_status(Try& now);
  void note_nobody(const Error& failure);
  bool another_may_try(const Error& failure);
  void log_failure(const Error& error, const char* doing);
  void accept(Try& now);
  event::Task<void> finish_tunnel(Try& now);
  Attempt& last() { return r.attempts.back(); }
  int64_t since_start(const Try& now) const { return static_cast<int64_t>(clock::now() - now.started_at()); }

  Request& r;
  const ProxyPass& pass;
  const ProxySettings& settings;
  ProxyTarget target;
  ResponseHead* head = nullptr;
  upstream::Tried tried;
  uint64_t first_try_at = 0;
  int64_t body_length = kNoBody;
  bool streaming = false;  // the request's body is passed on as it comes
  bool body_consumed = false;
  bool body_sent = false;  // to the origin, whole
  bool answered = false;   // while the body was on its way
  bool upgrade = false;
  bool stale_retry_used = false;
  Chain body;
  Exchanged* owned = nullptr;
  const char* doing = "connecting to upstream";
};

// The request's body, buffered before the first peer is chosen unless it is passed on as it comes.
event::Task<Result<void>> Proxying::prepare_body() {
  Framing framing = r.head.framing;
  if (!settings.pass_request_body || settings.has_body) {
    // It is read all the same: $request_body and $request_body_file may be what the origin is told instead.
    if (framing != Framing::none) {
      Result<void> read = co_await read_request_body(r);
      if (!read) { co_return read.error(); }
    }
    body_length = settings.has_body ? static_cast<int64_t>(settings.body.evaluate(r).size()) : kNoBody;
    co_return Result<void>();
  }
  if (framing == Framing::none || !sends_body()) { co_return Result<void>(); }
  bool whole = r.body.complete || settings.request_buffering ||
               (framing == Framing::chunked && settings.version == ProxySettings::Version::v10);
  if (whole) {
    Result<void> read = co_await read_request_body(r);
    if (!read) { co_return read.error(); }
    body_length = static_cast<int64_t>(r.body.size);
    co_return Result<void>();
  }
  streaming = true;
  body_length = framing == Framing::length ? static_cast<int64_t>(r.head.content_length) : kChunkedBody;
  co_return Result<void>();
}

void Proxying::log_failure(const Error& error, const char* when) {
  bool of_body = error.what == What::too_large || error.what == What::timeout || error.what == What::protocol;
  if (error.side == Side::client && of_body) { return log_unread_body(r, error); }
  if (error.side == Side::client) {
    SLUICE_REQUEST_LOG(r, info, error.sys,
                       "client prematurely closed connection, so upstream connection is closed too while %s",
                       when);
    return;
  }
  std::string reason = log::reason(error);
  bool parsing = error.what == What::protocol && !reason.starts_with("upstream");
  SLUICE_REQUEST_LOG(r, error, 0, "%s%s while %s", parsing ? "upstream sent invalid header: " : "",
                     reason.c_str(), when);
}

// A kept-alive connection, if there is one worth trying.
bool Proxying::take_pooled(Try& now) {
  if (now.fresh_only) { return false; }
  upstream::IdleConnection* connection = now.group().take_idle(now.peer());
  if (connection == nullptr) { return false; }
  if (!is_idempotent(r.head.method)) {
    // Such a request cannot be sent twice: look once more whether the origin has hung up.
    char byte;
    if (::recv(connection->io.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN) {
      connection->drop();
      return false;
    }
  }
  now.connection() = connection;
  now.reused = true;
  last().connect_time = 0;
  return true;
}

event::Task<Result<void>> Proxying::connect(Try& now) {
  doing = "connecting to upstream";
  net::ConnectOptions options;
  options.keepalive = settings.socket_keepalive;
  options.nodelay = r.core().tcp_nodelay;
  std::optional<net::Address> bind;
  if (!settings.bind.empty()) {
    bind = net::Address::parse(settings.bind.evaluate(r), 0);
    if (bind) { options.bind = &*bind; }
  }
  net::ConnectStart started = net::start_connect(now.peer().address, options);
  if (started.fd < 0 && (started.sys == EMFILE || started.sys == ENFILE)) {
    // Our own lack is no failure of the peer. Kept connections are the first thing to do without.
    now.group().drop_idle();
    started = net::start_connect(now.peer().address, options);
    if (started.fd < 0) {
      co_return Error{What::exhausted, Side::self, Retry::no, started.sys, "socket() failed"};
    }
  }
  if (started.fd < 0) {
    co_return Error{What::refused, Side::upstream, Retry::safe, started.sys, "connect() failed"};
  }
  auto* connection = new upstream::IdleConnection;
  connection->peer = &now.peer();
  connection->group = &now.group();
  connection->made_at = clock::now();
  now.connection() = connection;
  if (!connection->io.open(started.fd)) {
    co_return Error{What::exhausted, Side::self, Retry::safe, errno, "epoll_ctl() failed"};
  }
  if (!started.connected) {
    uint64_t deadline = clock::now() + settings.connect_timeout.count;
    event::Wake woken = co_await event::wait(r.scope, deadline, connection->io.writable());
    if (woken == event::Wake::canceled) {
      co_return Error{r.scope.why(), Side::client, Retry::no, 0, "canceled"};
    }
    if (woken == event::Wake::timeout) {
      co_return Error{What::timeout, Side::upstream, Retry::safe, ETIMEDOUT, "upstream timed out"};
    }
    int sys = net::connect_error(connection->io.fd());
    if (sys != 0) { co_return Error{What::refused, Side::upstream, Retry::safe, sys, "connect() failed"}; }
  }
  connection->io.writable().set();
  last().connect_time = since_start(now);
  co_return Result<void>();
}

// Passes the request's body on. Ends early without complaint when the origin stops reading: it may have
// answered already.
event::Task<Result<void>> Proxying::pump_body(Origin& origin, event::Scope& sending, event::Scope& reading) {
  RelayPlan plan;
  plan.source = streaming ? static_cast<Source*>(&r.exchange) : nullptr;
  plan.first = &body;
  plan.sink = &origin;
  if (streaming) { r.exchange.invite_body(); }
  Result<void> sent = co_await relay(sending, plan);
  body_sent = static_cast<bool>(sent);
  if (sent || sending.canceled()) { co_return sent; }
  // Without the rest of the body there will be no answer worth waiting for, unless it has begun. An origin
  // that broke off may have said why.
  const Error& error = sent.error();
  if (error.side == Side::client && r.head_sent) {
    r.scope.cancel(error.what);
  } else if (error.side != Side::upstream || error.what == What::timeout) {
    reading.cancel(error.what);
  }
  co_return sent;
}

bool is_interim(const ResponseHead& head) { return head.status < 200 && head.status != 101; }

// `head` is interim: passes it on, and reads until one is not.
event::Task<Result<void>> Proxying::read_past_interim(Try& now, event::Scope& scope) {
  constexpr int kMostInterim = 64;
  for (int i = 0; i < kMostInterim; ++i) {
    if (passes_interim(r, head->status)) { r.exchange.write_interim(*head); }
    head = r.arena().make<ResponseHead>(r.arena());
    Result<void> got = co_await now.origin->read_head(scope, *head, r.head.method);
    if (!got || !is_interim(*head)) { co_return got; }
  }
  co_return Error{What::protocol, Side::upstream, Retry::no, 0, "upstream sent too many interim responses"};
}

Result<void> Proxying::check_switch() const {
  if (head->status != 101 || upgrade) { return {}; }
  return Error{What::protocol, Side::upstream, Retry::no, 0, "upstream switched protocols unasked"};
}

// While the request's body is still on its way: the answer may come before its end, and the body goes on
// while the answer does.
event::Task<Result<void>> Proxying::respond(Try& now, event::Scope& sending, event::Scope& reading) {
  Result<void> got = co_await now.origin->read_head(reading, *head, r.head.method);
  if (got && is_interim(*head)) { got = co_await read_past_interim(now, reading); }
  if (got) { got = check_switch(); }
  bool at_once = got && head->status != 101 && (streaming || (!body_sent && !next_may_help()));
  if (at_once) {
    accept(now);
    answered = true;
    if (!r.has_pending()) { co_await send_answer(r); }
  }
  sending.cancel(What::canceled);
  co_return got;
}

void Proxying::gather_body() {
  if (!body.empty()) { body.clear(); }
  if (settings.has_body) {
    body.append(settings.body.evaluate(r));
  } else if (r.body.complete && sends_body()) {
    for (size_t i = 0; i < r.body.chain.slices(); ++i) { body.append(r.body.chain.at(i)); }
  }
}

event::Task<Result<void>> Proxying::send_and_read(Try& now) {
  event::Scope sending(r.scope);
  event::Scope reading(r.scope);
  body_consumed = body_consumed || streaming;
  auto results =
      co_await event::both(pump_body(*now.origin, sending, reading), respond(now, sending, reading));
  // Reading was given up because sending had failed: that is the reason to tell.
  bool given_up = !results.second && !results.first && reading.canceled() && !r.scope.canceled();
  if (given_up) {
    doing = "sending request to upstream";
    co_return results.first.error();
  }
  co_return std::move(results.second);
}

// Sends what can be sent at once. `again`: more is to follow, and the answer may come meanwhile.
Flow Proxying::send_request(Try& now) {
  OriginLimits limits;
  limits.read_timeout = settings.read_timeout.count;
  limits.send_timeout = settings.send_timeout.count;
  if (settings.buffer_size.bytes != 0) { limits.head = static_cast<uint32_t>(settings.buffer_size.bytes); }
  now.origin = make_origin(r.arena(), now.connection()->io, limits);
  ++now.connection()->requests;
  now.origin->start(compose_request(r, settings, target, body_length, upgrade), body_length == kChunkedBody);
  gather_body();
  Flow sent = Flow::again;
  doing = "sending request to upstream";
  if (body.empty() && !streaming) { sent = now.origin->push(body, true); }
  if (sent != Flow::error) { doing = "reading response header from upstream"; }
  head = r.arena().make<ResponseHead>(r.arena());
  return sent;
}

void Proxying::note_exchange(Try& now, bool got_head) {
  Attempt& attempt = last();
  attempt.bytes_sent = now.origin->bytes_sent();
  attempt.bytes_received = now.origin->bytes_received();
  if (got_head) { attempt.header_time = since_start(now); }
}

// False: there is none left to ask.
bool Proxying::choose_peer(const Error& failure) {
  upstream::Peer* peer = target.group->pick(string_view(), tried);
  if (peer == nullptr) {
    if (failure.what == What::unavailable) { note_nobody(failure); }
    return false;
  }
  tried.add(peer);
  owned->current.emplace(*target.group, *peer);
  r.attempts.push_back({});
  Attempt& attempt = last();
  attempt.address = peer->name;
  attempt.new_group = r.attempts.size() > 1 && tried.size() == 1;
  if (first_try_at == 0) { first_try_at = clock::now(); }
  return true;
}

// The origin closed a kept-alive connection as we used it: nobody's failure, when the request may be sent
// again.
bool Proxying::stale(const Try& now, const Error& error) {
  if (!now.reused || now.origin == nullptr || !now.origin->silent() || error.side != Side::upstream ||
      error.what == What::timeout) {
    return false;
  }
  bool repeatable = is_idempotent(r.head.method) || (settings.next_upstream & retry_on::kNonIdempotent) != 0;
  return repeatable && !body_consumed && !std::exchange(stale_retry_used, true);
}

bool Proxying::may_retry(const Error& error, uint32_t condition) const {
  if (error.side != Side::upstream && error.side != Side::self) { return false; }
  if ((settings.next_upstream & condition) == 0 || body_consumed) { return false; }
  bool repeatable = error.retry == Retry::safe || is_idempotent(r.head.method) ||
                    (settings.next_upstream & retry_on::kNonIdempotent) != 0;
  if (!repeatable) { return false; }
  if (settings.next_tries != 0 && tried.size() >= settings.next_tries) { return false; }
  return settings.next_timeout.count == 0 || clock::now() - first_try_at < settings.next_timeout.count;
}

// The status says that another peer should be asked, and there is one.
bool Proxying::next_may_help() const {
  uint32_t condition = condition_of(head->status);
  if (condition == 0 || (settings.next_upstream & condition) == 0) { return false; }
  bool others = target.group->peers.size() > tried.size();
  Error error{What::none, Side::upstream, Retry::idempotent, 0, nullptr};
  return others && may_retry(error, condition);
}

bool Proxying::try_next_on_status(Try& now) {
  if (!next_may_help()) { return false; }
  bool failure = head->status != 403 && head->status != 404;
  if (failure) { now.peer().failed(clock::now()); }
  return true;
}

// The head is the answer's: sets the response up so that the body is pulled from the origin.
void Proxying::accept(Try& now) {
  now.peer().succeeded(now.started_at());
  last().status = head->status;
  SLUICE_REQUEST_DEBUG(r, "http upstream: status %u", head->status);
  Verdict verdict = take_response(r, pass, settings, target, *head);
  if (verdict != Verdict::next) {
    last().response_time = since_start(now);
    r.answer_with(verdict);
    return;
  }
  bool body_follows = head->framing != Framing::none && !r.is_head();
  r.upstream_trailers = &now.origin->trailers();
  if (!body_follows) { return; }
  r.response.source = body_source(r, settings, *now.origin);
  if (head->framing == Framing::chunked) { pass_trailers(r, settings, now.origin->trailers()); }
}

// Returned to the pool when the body has been read to its end; runs as the request ends.
void release(Request& r, void* context) {
  auto* owned = static_cast<Exchanged*>(context);
  if (!owned->current) { return; }
  Try& now = *owned->current;
  if (r.attempts.empty()) { return; }
  Attempt& attempt = r.attempts.back();
  attempt.response_time = static_cast<int64_t>(clock::now() - now.started_at());
  if (now.origin != nullptr) {
    attempt.bytes_received = now.origin->bytes_received() + owned->tunnelled.down;
    attempt.bytes_sent = now.origin->bytes_sent() + owned->tunnelled.up;
    attempt.response_length = static_cast<int64_t>(now.origin->body_received());
    if (now.origin->reusable()) { now.keep(); }
  }
  owned->current.reset();
}

event::Task<void> Proxying::finish_tunnel(Try& now) {
  r.response.clear();
  r.response.status = 101;
  r.response.reason = head->reason;
  for (const Field& field : head->fields) {
    if (field.id == FieldId::connection || field.id == FieldId::content_length ||
        field.id == FieldId::transfer_encoding) {
      continue;
    }
    r.response.fields.add(field);
  }
  last().status = 101;
  r.exchange.write_head(r, -1, false);
  r.head_sent = true;
  Chain nothing;
  Chain early_origin;
  Chain early_client;
  now.origin->take_early(early_origin);
  RelayPlan plan;
  plan.sink = &r.exchange;
  plan.first = &nothing;
  Result<void> sent = co_await relay(r.scope, plan);
  net::Connection* client = r.exchange.upgrade(early_client);
  if (sent) {
    co_await tunnel(r, *client, std::move(early_client), now.connection()->io, std::move(early_origin),
                    settings.read_timeout.count, owned->tunnelled);
    r.body_bytes_sent = owned->tunnelled.down;
    r.exchange.add_sent(owned->tunnelled.down);
  }
}

// No server could be chosen.
void Proxying::note_nobody(const Error& failure) {
  r.attempts.push_back({});
  last().address = target.group->name;
  last().status = 502;
  last().response_time = 0;
  log_failure(failure, "connecting to upstream");
}

// The current try has failed: says so, counts it, and tells whether somebody else should be asked.
bool Proxying::another_may_try(const Error& failure) {
  upstream::Peer& peer = owned->current->peer();
  log_failure(failure, doing);
  last().response_time = since_start(*owned->current);
  last().status = status_for(failure);
  owned->current.reset();
  if (failure.side == Side::client) { return false; }
  if (failure.side == Side::upstream && peer.failed(clock::now()) && target.group->peers.size() > 1) {
    SLUICE_REQUEST_LOG(r, warn, 0, "upstream server temporarily disabled while %s", doing);
  }
  return may_retry(failure, condition_of(failure));
}

event::Task<Result<void>> Proxying::run() {
  if (!pass.find_target(r, target)) { co_return Result<void>(); }
  if (target.group == nullptr) {
    bool resolved = co_await resolve_target(r, *pass.groups, target);
    if (!resolved) { co_return Result<void>(); }
  }
  r.proxy_host = target.host;
  r.proxy_port = target.port;
  r.upstream_target = target.target;
  upgrade = upgrade_wanted(r, settings);
  r.exchange.ignore_client_leaving(settings.ignore_client_abort);
  if (r.head.framing != Framing::none || settings.has_body) {
    Result<void> ready = co_await prepare_body();
    if (!ready) {
      log_failure(ready.error(), "reading client request body");
      if (ready.error().side == Side::client) { r.exchange.close_after(); }
      co_return ready.error();
    }
  }
  owned = r.arena().own<Exchanged>();
  owned->made = target.made;
  r.at_end(release, owned);
  Error failure{What::unavailable, Side::upstream, Retry::no, 0, "no live upstreams"};
  while (true) {
    bool chosen = owned->current || choose_peer(failure);
    if (!chosen) { break; }
    Try& now = *owned->current;
    Result<void> tried_now;
    bool pooled = take_pooled(now);
    if (!pooled) { tried_now = co_await connect(now); }
    SLUICE_REQUEST_DEBUG(r, "http upstream: \"%s\", %s connection", now.peer().name.c_str(),
                         pooled ? "kept" : "new");
    if (tried_now) {
      Flow sent = send_request(now);
      if (sent == Flow::error) {
        tried_now = now.origin->sink_error();
      } else if (sent == Flow::again) {
        tried_now = co_await send_and_read(now);
      } else {
        tried_now = co_await now.origin->read_head(r.scope, *head, r.head.method);
        if (tried_now && is_interim(*head)) { tried_now = co_await read_past_interim(now, r.scope); }
        if (tried_now) { tried_now = check_switch(); }
      }
      note_exchange(now, static_cast<bool>(tried_now));
    }
    if (!tried_now && stale(now, tried_now.error())) {
      now.start_over();
      continue;
    }
    if (tried_now) {
      if (!answered && try_next_on_status(now)) {
        last().status = head->status;
        last().response_time = since_start(now);
        owned->current.reset();
        continue;
      }
      if (head->status == 101) {
        co_await finish_tunnel(now);
      } else if (!answered) {
        accept(now);
      }
      // Something else answers, and this origin is done with.
      if (r.has_pending()) { owned->current.reset(); }
      co_return Result<void>();
    }
    failure = tried_now.error();
    if (!another_may_try(failure)) { break; }
  }
  r.answer_with(r.refuse(status_for(failure)));
  co_return Result<void>();
}

}  // namespace

event::Task<Result<void>> ProxyPass::answer(Request& r) const {
  return r.arena().own<Proxying>(r, *this)->run();
}

}  // namespace sluice::http
