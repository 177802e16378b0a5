#include "user.h"

namespace lossless {

namespace {

constexpr uint64_t kLongestSilence = 20'000'000;  // microseconds

}  // namespace

void User::stop() {
  stopping_ = true;
  if (!busy()) { finished(); }
}

void User::look_for_silence() {
  if (busy() && now() - moved_at_ > kLongestSilence) { give_up("no answer for 20 s"); }
}

void User::pause(uint64_t shortest, uint64_t longest) {
  if (stopping_) {
    finished();
  } else {
    call_at(now() + pick(shortest, longest));
  }
}

void User::finished() {
  done_ = true;
  call_at(0);
  disconnect();
}

void User::disconnect() {
  watch(-1, 0);
  connection_.close();
}

}  // namespace lossless
