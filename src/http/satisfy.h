// `satisfy`: whether all steps of Phase::access must let a request pass, or one of them is enough. With `any`
// they become one step that asks them in their order. A step needs to do nothing for it: it refuses, or lets
// pass. One that has no opinion says so with request.trial.
#pragma once

#include <vector>

#include "http/field.h"
#include "http/step.h"

namespace sluice::http {

struct SatisfySettings {
  bool any = false;
};

// While one of several is enough, refusing is only noted.
struct Trial {
  uint16_t refused = 0;  // the status of the step that is asked now
  bool opinion = true;   // false: the step lets pass what it knows nothing of
  uint16_t status = 0;   // to refuse with when nobody lets pass
  size_t at = 0;         // the step that is asked
  const Fields* kept_before = nullptr;
};

// The steps of Phase::access as the settings want them.
std::vector<const Step*> satisfy(Arena& arena, const conf::Settings& settings,
                                 std::vector<const Step*> access);

}  // namespace sluice::http
