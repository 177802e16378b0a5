#include "account.h"

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>

namespace lossless {

namespace {

// Seconds since 1970, as in logs.
double wall_clock() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

void Account::answered(uint64_t waited) {
  ++answered_;
  longest_ = std::max(longest_, waited);
}

void Account::lost(const Loss& loss) {
  ++lost_;
  if (loss.crossed) { ++crossed_; }
  printf("loss flow=%s at=%.6f number=%" PRIu64 " port=%u worker=%d waited_us=%" PRIu64
         " crossed=%d why=%s\n",
         name_.c_str(), wall_clock(), loss.number, loss.port, loss.worker, loss.waited, loss.crossed ? 1 : 0,
         loss.why.c_str());
  fflush(stdout);
}

void Account::print() const {
  printf("total flow=%s sent=%" PRIu64 " answered=%" PRIu64 " refused=%" PRIu64 " declined=%" PRIu64
         " lost=%" PRIu64 " crossed=%" PRIu64 " ended_idle=%" PRIu64 " longest_us=%" PRIu64 "\n",
         name_.c_str(), sent_, answered_, refused_, declined_, lost_, crossed_, ended_idle_, longest_);
}

}  // namespace lossless
