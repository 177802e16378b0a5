// For a log line about something that lasts and would be told for every connection: it is told at once, and
// then at most every ten seconds while it goes on.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace sluice {

class Occasional {
 public:
  // Whether to tell it now.
  bool due() {
    ++times_;
    if (clock::now() < silent_until_) { return false; }
    silent_until_ = clock::now() + kEvery;
    return true;
  }
  // How often it happened since the last line; forgets it.
  uint64_t times() {
    uint64_t since = times_;
    times_ = 0;
    return since;
  }

 private:
  static constexpr uint64_t kEvery = 10'000;  // milliseconds
  uint64_t silent_until_ = 0;
  uint64_t times_ = 0;
};

}  // namespace sluice
