#include "shm/lock.h"

#include <cerrno>
#include <ctime>

#include "base/log.h"

namespace sluice::shm {

namespace {

// A section takes a tenth of a microsecond or so: when the holder runs on another CPU, looking again is
// cheaper than sleeping. About two microseconds altogether.
constexpr int kLooks = 40;

void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

int look_again(pthread_mutex_t* mutex) {
  int status = EBUSY;
  for (int i = 0; i < kLooks && status == EBUSY; ++i) {
    pause_briefly();
    status = pthread_mutex_trylock(mutex);
  }
  return status;
}

int wait_for(pthread_mutex_t* mutex, std::chrono::milliseconds patience) {
  timespec until{};
  clock_gettime(CLOCK_MONOTONIC, &until);
  int64_t nanoseconds = until.tv_nsec + std::chrono::nanoseconds(patience).count();
  until.tv_sec += nanoseconds / 1000000000;
  until.tv_nsec = nanoseconds % 1000000000;
  return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &until);
}

// The words of the lock make no sense. Features do without their zone, as if somebody held it for ever.
Locked unusable(int status) {
  static bool said = false;
  if (!said) { log::alert(status, "a lock in shared memory is damaged"); }
  said = true;
  return Locked::no;
}

}  // namespace

void Lock::prepare() {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&mutex_, &attributes);
  pthread_mutexattr_destroy(&attributes);
}

Locked Lock::acquire(std::chrono::milliseconds patience) {
  int status = pthread_mutex_trylock(&mutex_);
  if (status == EBUSY && patience.count() > 0) {
    status = look_again(&mutex_);
    if (status == EBUSY) { status = wait_for(&mutex_, patience); }
  }
  switch (status) {
    case 0:
      return Locked::yes;
    case EOWNERDEAD:
      return Locked::repair;
    case EBUSY:
    case ETIMEDOUT:
      return Locked::no;
    default:
      return unusable(status);
  }
}

}  // namespace sluice::shm
