// What a protocol offers to one request: its body, and a way to answer. HTTP/1 and HTTP/2 implement it;
// everything above is the same for both.
#pragma once

#include "http/body.h"
#include "http/head.h"
#include "net/address.h"

namespace sluice::net {
class Connection;
}

namespace sluice::http {

class Request;
struct Port;

// The connection a request came on, as far as requests may know it.
struct Client {
  uint64_t number = 0;  // unique in this process
  net::PeerAddress peer;
  const Port* port = nullptr;
  uint64_t accepted_at = 0;  // clock::now()
  uint32_t requests = 0;     // on this connection, this one included
  bool debug = false;        // see debug_connection
  bool nodelay = true;       // as its socket is
  bool pipelined = false;    // the request began to come before the answer to the one before was out
  int fd = -1;
};

class Exchange : public Source, public Sink {
 public:
  virtual Client& client() = 0;

  // --- the request's body (the Source part) ---
  // Tells a client that waits for it to go on (100 Continue); once, and only while nothing was sent.
  virtual void invite_body() = 0;
  // Everything of the request's body was read.
  virtual bool body_read() const = 0;
  // Bytes of it that were read, framing included.
  virtual uint64_t body_received() const = 0;

  // --- the answer (the Sink part) ---
  // An interim response; ignored for clients that cannot have one.
  virtual void write_interim(const ResponseHead& head) = 0;
  // Composes the final head; it leaves with the first push(). The body's framing follows from `length`: the
  // number of bytes to come, or -1 when unknown. `body` is false when there must be none (HEAD, 204, 304).
  virtual void write_head(Request& request, int64_t length, bool body) = 0;
  // Trailers, before the last push().
  virtual void write_trailers(const Fields& trailers) = 0;
  virtual bool head_written() const = 0;
  // Bytes written to the connection for this request, head and framing included.
  virtual uint64_t bytes_sent() const = 0;
  // Bytes that went over the bare connection after upgrade().
  virtual void add_sent(uint64_t bytes) = 0;

  // Whether the request goes on when its client has left.
  virtual void ignore_client_leaving(bool ignore) = 0;
  // This connection carries no other request after the answer.
  virtual void close_after() = 0;
  virtual bool closes_after() const = 0;
  // The answer broke off: the client must see that. Nothing more is sent.
  virtual void abort() = 0;
  // After a 101: the bare connection, with bytes already read in `early`.
  virtual net::Connection* upgrade(Chain& early) = 0;
  virtual event::Scope& scope() = 0;

 protected:
  ~Exchange() = default;
};

}  // namespace sluice::http
