// What a protocol offers towards an origin: a request head and body out, a response head and body in, on one
// connection. The Sink part takes the request's body, the Source part gives the response's.
#pragma once

#include "base/registry.h"
#include "event/task.h"
#include "http/body.h"
#include "http/head.h"
#include "upstream/idle.h"

namespace sluice::http {

// Limits and times for one exchange with an origin, in milliseconds and bytes.
struct OriginLimits {
  uint64_t read_timeout = 60'000;
  uint64_t send_timeout = 60'000;
  uint32_t head = 65536;          // of the response
  uint32_t read_size = 64 << 10;  // largest single read of a body
};

class Origin : public Source, public Sink {
 public:
  virtual ~Origin() = default;
  // The request head as composed by the caller, complete with framing fields. With `chunked`, pushed bytes
  // are framed.
  virtual void start(string_view head, bool chunked) = 0;
  // Reads one head, interim ones included: call again after a 1xx. `method` of the request decides about a
  // body.
  virtual event::Task<Result<void>> read_head(event::Scope& scope, ResponseHead& head, Method method) = 0;
  // Nothing of a response has arrived on this connection yet.
  virtual bool silent() const = 0;
  virtual uint64_t bytes_received() const = 0;
  virtual uint64_t bytes_sent() const = 0;
  // Trailer fields of the response, once it was read to its end.
  virtual const Fields& trailers() const = 0;
  // The response was read to its end, and the connection may carry another request.
  virtual bool reusable() const = 0;
  // Body bytes of the response that were read.
  virtual uint64_t body_received() const = 0;
  // After a 101: bytes that came behind the head.
  virtual void take_early(Chain& to) = 0;
};

struct OriginRow {
  const char* name;
  Origin* (*make)(Arena& arena, net::Connection& io, const OriginLimits& limits);
};
using OriginRegistration = Registry<const OriginRow>::Entry;
Origin* make_origin(Arena& arena, net::Connection& io, const OriginLimits& limits);

}  // namespace sluice::http
