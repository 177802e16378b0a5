// What happens to a request before its content: one file, one feature. A step exists in a location only where
// its settings ask for it, so most locations have none.
#pragma once

#include <cstdint>

#include "base/registry.h"
#include "conf/directive.h"
#include "event/task.h"

namespace sluice::http {

class Request;

enum class Verdict : uint8_t {
  next,   // go on
  done,   // request.response is the answer
  again,  // path or location changed: another round, from request.resume on
  later,  // cannot tell now: await wait()
};

// What a further round of a request begins with.
enum class Resume : uint8_t {
  server,    // the server's steps, then a location for the path
  location,  // a location for the path
  steps,     // the steps of the location that is set
};

// In the order they run; the first of them before a location is chosen, and again after an internal redirect.
// Subrequests pass neither preaccess nor access: whom they serve has done that.
enum class Phase : uint8_t { server_rewrite, rewrite, preaccess, access, precontent };

class Step {
 public:
  virtual ~Step() = default;
  virtual Verdict check(Request& request) const = 0;
  // After check() said later. Never returns later.
  virtual event::Task<Verdict> wait(Request& request) const;
};

// Registered by the feature: make() returns null where the settings do not ask for the step. Objects live in
// the configuration's arena. `order` sorts steps within a phase.
struct StepRow {
  const char* name;
  Phase phase;
  int order;
  const Step* (*make)(Arena& arena, const conf::Settings& settings);
};
using StepRegistration = Registry<const StepRow>::Entry;

}  // namespace sluice::http
