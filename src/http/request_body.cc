// Reading a request's body before it is used: proxy_request_buffering, $request_body.
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "base/occasional.h"
#include "http/request.h"
#include "http/request_body.h"
#include "os/files.h"

namespace sluice::http {

namespace {

constexpr uint64_t kMostATurn = 4 << 20;  // bytes before others have their turn

class BodyStore {
 public:
  explicit BodyStore(Request& r) : r_(r), core_(r.core()) {}

  // Whether the announced or received size is within client_max_body_size.
  bool fits(uint64_t size) const {
    return core_.client_max_body_size.bytes == 0 || size <= core_.client_max_body_size.bytes;
  }
  Result<void> add(Chain& more) {
    r_.body.size += more.size();
    if (!fits(r_.body.size)) {
      return Error{What::too_large, Side::client, Retry::no, 0, "client intended to send too large body"};
    }
    memory_.append(std::move(more));
    bool to_file = r_.body.fd >= 0 || memory_.size() > core_.client_body_buffer_size.bytes ||
                   core_.client_body_in_file_only != CoreSettings::InFile::off;
    return to_file ? write_out() : Result<void>();
  }
  Result<void> finish() {
    if (core_.client_body_in_file_only != CoreSettings::InFile::off && r_.body.fd < 0) {
      auto made = open_file();
      if (!made) { return made; }
    }
    if (r_.body.fd >= 0) {
      r_.body.chain.append_file(r_.body.fd, 0, r_.body.size);
    } else {
      r_.body.chain = std::move(memory_);
    }
    r_.body.complete = true;
    return {};
  }

 private:
  Result<void> open_file() {
    bool named = core_.client_body_in_file_only != CoreSettings::InFile::off;
    auto made = os::make_temp_file(core_.client_body_temp_path, named ? &r_.body.path : nullptr);
    if (!made) { return cannot_store(made.error().sys); }
    r_.body.fd = *made;
    r_.body.keep_file = core_.client_body_in_file_only == CoreSettings::InFile::on;
    SLUICE_REQUEST_LOG(r_, warn, 0, "a client request body is buffered to a temporary file%s%s",
                       r_.body.path.empty() ? "" : " ", r_.body.path.c_str());
    return {};
  }
  Result<void> write_out() {
    if (r_.body.fd < 0) {
      auto made = open_file();
      if (!made) { return made; }
    }
    while (!memory_.empty()) {
      iovec vectors[16];
      size_t count = memory_.iovecs(vectors, 16);
      ssize_t n = ::writev(r_.body.fd, vectors, static_cast<int>(count));
      if (n < 0 && errno == EINTR) { continue; }
      if (n <= 0) { return cannot_store(n < 0 ? errno : ENOSPC); }
      memory_.consume(static_cast<uint64_t>(n));
    }
    return {};
  }

  // A full disk would have a line for every request that needs it.
  Error cannot_store(int sys) {
    static Occasional line;
    if (line.due()) {
      SLUICE_REQUEST_LOG(r_, crit, sys, "a temporary file in \"%s\" cannot be written, %llu times",
                         core_.client_body_temp_path.c_str(), static_cast<unsigned long long>(line.times()));
    }
    return Error{What::exhausted, Side::self, Retry::no, sys, "writing a request body"};
  }

  Request& r_;
  const CoreSettings& core_;
  Chain memory_;
};

}  // namespace

bool body_too_large(const Request& r) {
  uint64_t limit = r.core().client_max_body_size.bytes;
  if (limit == 0 || r.head.framing != Framing::length || r.head.content_length <= limit) { return false; }
  return !r.subrequest;  // it has what its parent was allowed to read
}

void log_unread_body(const Request& r, const Error& error) {
  if (error.side != Side::client) { return; }
  if (error.what == What::too_large) {
    SLUICE_REQUEST_LOG(r, error, 0, "%s", error.text);
    return;
  }
  bool told = error.what == What::timeout || error.what == What::protocol;
  SLUICE_REQUEST_LOG(r, info, 0, "%s while reading client request body",
                     told ? log::reason(error).c_str() : "client prematurely closed connection");
}

event::Task<Result<void>> read_request_body(Request& r) {
  if (r.body.complete) { co_return Result<void>(); }
  BodyStore store(r);
  if (!r.exchange.body_read()) { r.exchange.invite_body(); }
  uint64_t turn_at = kMostATurn;
  while (!r.exchange.body_read()) {
    Chain more;
    Flow flow = r.exchange.pull(more, 64 << 10);
    if (flow == Flow::error) { co_return r.exchange.source_error(); }
    if (!more.empty()) {
      auto added = store.add(more);
      if (!added) { co_return added.error(); }
    }
    if (flow != Flow::again) {
      if (r.body.size >= turn_at) {
        turn_at = r.body.size + kMostATurn;
        co_await event::next_turn(r.scope);
      }
      continue;
    }
    uint64_t deadline = clock::now() + r.exchange.source_patience();
    event::Wake woken = co_await event::wait(r.scope, deadline, r.exchange.source_ready());
    if (woken == event::Wake::canceled) {
      co_return Error{r.scope.why(), Side::client, Retry::no, 0, nullptr};
    }
    if (woken == event::Wake::timeout) {
      r.exchange.source_timed_out();
      co_return r.exchange.source_error();
    }
  }
  co_return store.finish();
}

}  // namespace sluice::http
