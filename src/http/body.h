// Bodies on their way: who has room pulls. A source is asked for what is there now; a sink is given what it
// takes now; neither ever waits. Waiting is done by whoever moves the bytes (relay.h), on the Ready each of
// them names.
#pragma once

#include <cstdint>

#include "base/chain.h"
#include "base/result.h"
#include "event/wait.h"

namespace sluice::http {

enum class Flow : uint8_t {
  ok,     // moved something; ask again
  again,  // nothing now: wait for source_ready()
  end,    // everything was moved, and this was the last of it (bytes may have come with it)
  error,  // source_error() or sink_error() says why
};

class Source {
 public:
  // Appends at most about `room` bytes of what is there.
  virtual Flow pull(Chain& to, uint64_t room) = 0;
  virtual event::Ready& source_ready() = 0;
  virtual Error source_error() const = 0;
  // Milliseconds one wait for this source may last; event::kNoDeadline for ever.
  virtual uint64_t source_patience() const = 0;
  // After a wait lasted too long: what error() says from now on.
  virtual void source_timed_out() = 0;

 protected:
  ~Source() = default;
};

class Sink {
 public:
  // Takes everything out of `from` (framing it as the protocol wants) and writes what the connection takes
  // now; the rest is kept. `last`: nothing follows. ok: all is on its way (end when it was the last); again:
  // wait for ready() and push an empty chain.
  virtual Flow push(Chain& from, bool last) = 0;
  // Bytes taken but not yet written.
  virtual uint64_t unsent() const = 0;
  // Bytes that have reached the other side, as far as can be known: more of them mean that it reads, though
  // perhaps too slowly to make room for another write.
  virtual int64_t delivered() = 0;
  virtual event::Ready& sink_ready() = 0;
  virtual Error sink_error() const = 0;
  virtual uint64_t sink_patience() const = 0;
  virtual void sink_timed_out() = 0;

 protected:
  ~Sink() = default;
};

}  // namespace sluice::http
