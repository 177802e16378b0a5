// Threads for calls that may block for long: reading files of a slow disk. Work is posted from the loop's
// thread, done in another, and reported back on the loop's thread. Threads never run coroutines, touch the
// loop, the pools of memory or a request: a job brings all it needs and outlives whoever posted it.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "event/loop.h"

namespace sluice::event {

class ThreadJob {
 public:
  virtual ~ThreadJob() = default;

 protected:
  // In a thread. May block.
  virtual void work() = 0;
  // Afterwards, on the loop's thread. May destroy the job.
  virtual void done() = 0;

 private:
  friend class ThreadPool;
  ThreadJob* next_ = nullptr;
};

// Threads start when they are needed, up to their number, and stay. They die with the process and never
// before: one that hangs in a call holds up nobody, not even the process's end. So a pool is never destroyed.
class ThreadPool {
 public:
  ThreadPool(size_t threads, size_t max_queue) : most_threads_(threads), most_queued_(max_queue) {}
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // False: the queue is full, or no thread can be had; the job was not taken.
  bool post(ThreadJob& job);

 private:
  ~ThreadPool() = delete;
  struct Queue {
    void push(ThreadJob& job);
    ThreadJob* pop();
    ThreadJob* first = nullptr;
    ThreadJob* last = nullptr;
    size_t size = 0;
  };

  bool open();
  bool start_thread();
  static void* run(void* self);
  void serve();
  void collect();

  const size_t most_threads_;
  const size_t most_queued_;
  size_t threads_ = 0;
  int wake_fd_ = -1;
  std::unique_ptr<ReadWatch> watch_;
  pthread_mutex_t lock_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t more_ = PTHREAD_COND_INITIALIZER;
  // Under the lock.
  Queue waiting_, finished_;
  size_t busy_ = 0;
};

}  // namespace sluice::event
