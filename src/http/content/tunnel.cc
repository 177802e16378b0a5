// After 101 Switching Protocols: bytes both ways until both sides have ended or nothing moves for too long.
#include "base/clock.h"
#include "http/content/proxy.h"

namespace sluice::http {

namespace {

// One direction: what was read and not yet written.
struct Direction {
  net::Connection& from;
  net::Connection& to;
  uint64_t& moved;
  Chain pending;
  bool ended = false;   // `from` has finished
  bool closed = false;  // `to` has been told

  // Moves what can be moved. False: a side broke.
  bool move(bool& progress) {
    while (true) {
      if (!pending.empty()) {
        net::IoResult written = to.write(pending);
        moved += written.count;
        progress = progress || written.count > 0;
        if (written.status == net::Io::error) { return false; }
        if (!pending.empty()) { return true; }
      }
      if (ended) {
        if (!closed) { to.shutdown_write(); }
        closed = true;
        return true;
      }
      if (!from.readable().is_set()) { return true; }
      BufferRef piece(Buffer::make((16 << 10) - 64));
      net::IoResult got = from.read(piece->data(), piece->capacity());
      if (got.status == net::Io::again) { return true; }
      if (got.status == net::Io::error) { return false; }
      progress = true;
      if (got.status == net::Io::end) {
        ended = true;
      } else {
        pending.append(string_view(piece->data(), got.count), piece);
      }
    }
  }
  // What holds it up.
  event::Ready& blocker() { return pending.empty() ? from.readable() : to.writable(); }
};

}  // namespace

event::Task<void> tunnel(Request& r, net::Connection& client, Chain from_client, net::Connection& origin,
                         Chain from_origin, uint64_t timeout, Tunnelled& moved) {
  r.exchange.ignore_client_leaving(true);  // the end of its stream is data here
  Direction up{client, origin, moved.up, std::move(from_client)};
  Direction down{origin, client, moved.down, std::move(from_origin)};
  while (true) {
    bool progress = false;
    if (!up.move(progress) || !down.move(progress)) { break; }
    // A side that ended ends the other as well once everything was passed on: nobody speaks half-open
    // protocols here.
    if ((up.closed && down.pending.empty()) || (down.closed && up.pending.empty())) { break; }
    uint64_t deadline = clock::now() + timeout;
    event::Ready& first = up.blocker();
    event::Ready& second = down.blocker();
    event::Wake woken = co_await event::wait(r.scope, deadline, first, second);
    if (woken == event::Wake::canceled) { break; }
    if (woken == event::Wake::timeout) {
      Error late{What::timeout, Side::upstream, Retry::no, ETIMEDOUT, "upstream timed out"};
      SLUICE_REQUEST_LOG(r, error, 0, "%s while proxying upgraded connection", log::reason(late).c_str());
      break;
    }
  }
}

}  // namespace sluice::http
