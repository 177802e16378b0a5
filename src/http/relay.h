// Moves a body from a source to a sink until its end, waiting for whichever of them holds things up. What has
// been read ahead of a slow sink stays in memory up to a limit and then, when allowed, in a temporary file.
#pragma once

#include <string>

#include "base/result.h"
#include "event/task.h"
#include "event/wait.h"
#include "http/body.h"
#include "http/filter.h"

namespace sluice::http {

struct RelayPlan {
  Chain* first = nullptr;    // bytes that go before what the source yields; may be null
  Source* source = nullptr;  // may be null: `first` is all
  BodyFilter* filters = nullptr;
  Sink* sink = nullptr;
  uint64_t buffer_limit = 64 << 10;
  uint64_t spill_limit = 0;
  const std::string* spill_path = nullptr;
  uint64_t rate = 0;          // bytes per second; 0: unlimited
  uint64_t rate_after = 0;    // bytes before the rate applies
  uint64_t* moved = nullptr;  // counts body bytes handed to the sink
};

// The error's side tells who failed: the source's or the sink's own error, or `self` for the temporary file.
event::Task<Result<void>> relay(event::Scope& scope, RelayPlan plan);

}  // namespace sluice::http
