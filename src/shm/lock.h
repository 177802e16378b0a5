// A mutex in shared memory that survives its owner: when a process dies holding it, the next one gets it
// together with the news that what it guards may be half done. Waiting is bounded, because a holder may be
// stopped (SIGSTOP, a debugger, an overcommitted machine) for as long as it pleases, and that must not stop
// the others.
#pragma once

#include <pthread.h>

#include <chrono>
#include <cstdint>

namespace sluice::shm {

enum class Locked : uint8_t {
  no,      // somebody else has it, and kept it too long
  yes,     // ours
  repair,  // ours; the last owner died: put things right, then say mark_consistent()
};

class Lock {
 public:
  // On fresh memory, once, before anybody else sees it.
  void prepare();
  // Zero patience only tries.
  Locked acquire(std::chrono::milliseconds patience);
  // Until this is said, dying again leaves the news for the next owner, so a repair may itself be
  // interrupted.
  void mark_consistent() { pthread_mutex_consistent(&mutex_); }
  void release() { pthread_mutex_unlock(&mutex_); }

 private:
  pthread_mutex_t mutex_;
};

}  // namespace sluice::shm
