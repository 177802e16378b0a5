#include "event/thread_pool.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <utility>

#include "base/log.h"

namespace sluice::event {

namespace {

class Locked {
 public:
  explicit Locked(pthread_mutex_t& lock) : lock_(lock) { pthread_mutex_lock(&lock_); }
  ~Locked() { pthread_mutex_unlock(&lock_); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  pthread_mutex_t& lock_;
};

// Signals are for the loop's thread. Those of a fault go to who made it.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP}) { sigdelset(&all, fault); }
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

void ThreadPool::Queue::push(ThreadJob& job) {
  job.next_ = nullptr;
  (first == nullptr ? first : last->next_) = &job;
  last = &job;
  ++size;
}

ThreadJob* ThreadPool::Queue::pop() {
  ThreadJob* job = first;
  if (job == nullptr) { return nullptr; }
  first = job->next_;
  --size;
  return job;
}

bool ThreadPool::open() {
  if (watch_ != nullptr) { return true; }
  wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_fd_ < 0) {
    log::alert(errno, "eventfd() failed");
    return false;
  }
  watch_ = std::make_unique<ReadWatch>(
      wake_fd_, [](void* self) { static_cast<ThreadPool*>(self)->collect(); }, this);
  return true;
}

bool ThreadPool::start_thread() {
  NoSignals quiet;
  pthread_t thread;
  int error = pthread_create(&thread, nullptr, run, this);
  if (error != 0) {
    log::alert(error, "pthread_create() failed");
    return false;
  }
  pthread_detach(thread);
  ++threads_;
  return true;
}

bool ThreadPool::post(ThreadJob& job) {
  if (!open()) { return false; }
  bool needs_thread;
  {
    Locked locked(lock_);
    size_t idle = threads_ - busy_;
    needs_thread = idle <= waiting_.size && threads_ < most_threads_;
    if (!needs_thread && waiting_.size >= most_queued_ + idle) { return false; }
  }
  if (needs_thread && !start_thread() && threads_ == 0) { return false; }
  Locked locked(lock_);
  waiting_.push(job);
  pthread_cond_signal(&more_);
  return true;
}

void* ThreadPool::run(void* self) {
  static_cast<ThreadPool*>(self)->serve();
  return nullptr;
}

void ThreadPool::serve() {
  pthread_mutex_lock(&lock_);
  for (;;) {
    ThreadJob* job = waiting_.pop();
    if (job == nullptr) {
      pthread_cond_wait(&more_, &lock_);
      continue;
    }
    ++busy_;
    pthread_mutex_unlock(&lock_);
    job->work();
    pthread_mutex_lock(&lock_);
    --busy_;
    bool first = finished_.first == nullptr;
    finished_.push(*job);
    if (!first) { continue; }
    const uint64_t one = 1;
    [[maybe_unused]] ssize_t told = ::write(wake_fd_, &one, sizeof one);
  }
}

void ThreadPool::collect() {
  uint64_t count;
  [[maybe_unused]] ssize_t got = ::read(wake_fd_, &count, sizeof count);
  Queue finished;
  {
    Locked locked(lock_);
    std::swap(finished, finished_);
  }
  while (ThreadJob* job = finished.pop()) { job->done(); }
}

}  // namespace sluice::event
