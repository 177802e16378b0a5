// Coroutines for orchestration. A Task runs as soon as it is made; whoever made it awaits it in the same
// statement:
//
//   Result<void> sent = co_await send(request);
//
// Tasks are never stored and never detached, except into a Nursery, which owns root tasks. Frames come from
// the per-thread pool. Only this folder names std::coroutine.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/list.h"
#include "base/pool.h"

namespace sluice::event {

struct NurseryTag {};
class Nursery;

// Counted for the test that pins mallocs and frames per request.
struct FrameCounter {
  static inline uint64_t made = 0;
  static inline uint64_t live = 0;
};

class PromiseBase : public ListNode<NurseryTag> {
 public:
  std::suspend_never initial_suspend() const noexcept { return {}; }
  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      PromiseBase& promise = self.promise();
      if (promise.continuation_) { return promise.continuation_; }
      if (promise.adopted_) { self.destroy(); }
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };
  Final final_suspend() const noexcept { return {}; }
  void unhandled_exception() const noexcept { abort(); }

  static void* operator new(size_t size) {
    ++FrameCounter::made;
    ++FrameCounter::live;
    return pool::take(size);
  }
  static void operator delete(void* memory, size_t size) {
    --FrameCounter::live;
    pool::give(memory, size);
  }

  std::coroutine_handle<> continuation_;
  std::coroutine_handle<> self_;
  bool adopted_ = false;
};

template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type : PromiseBase {
    Task get_return_object() {
      self_ = std::coroutine_handle<promise_type>::from_promise(*this);
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    template <class U>
    void return_value(U&& value) {
      value_.emplace(std::forward<U>(value));
    }
    std::optional<T> value_;
  };

  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  ~Task() {
    if (handle_) { handle_.destroy(); }
  }

  bool await_ready() const noexcept { return handle_.done(); }
  void await_suspend(std::coroutine_handle<> waiting) noexcept { handle_.promise().continuation_ = waiting; }
  T await_resume() { return std::move(*handle_.promise().value_); }

 private:
  friend class Nursery;
  template <class A, class B>
  friend class Both;
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

template <>
class [[nodiscard]] Task<void> {
 public:
  struct promise_type : PromiseBase {
    Task get_return_object() {
      self_ = std::coroutine_handle<promise_type>::from_promise(*this);
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    void return_void() const noexcept {}
  };

  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  ~Task() {
    if (handle_) { handle_.destroy(); }
  }

  bool await_ready() const noexcept { return handle_.done(); }
  void await_suspend(std::coroutine_handle<> waiting) noexcept { handle_.promise().continuation_ = waiting; }
  void await_resume() const noexcept {}

 private:
  friend class Nursery;
  template <class A, class B>
  friend class Both;
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

// Owns root tasks: a worker's connections, its background work. Destroying it destroys suspended frames,
// which is for process exit only; in life, tasks are cancelled through their Scope and end by themselves.
class Nursery {
 public:
  void adopt(Task<void> task) {
    auto handle = std::exchange(task.handle_, {});
    if (handle.done()) {
      handle.destroy();
      return;
    }
    handle.promise().adopted_ = true;
    tasks_.push_back(&handle.promise());
  }
  bool empty() const { return tasks_.empty(); }
  ~Nursery() {
    while (PromiseBase* promise = tasks_.front()) { promise->self_.destroy(); }
  }

 private:
  List<PromiseBase, NurseryTag> tasks_;
};

// Waits for two tasks: co_await both(send(r), receive(r)). Each runs on; none is cut short by the other's
// end. Results are a pair in the order given.
template <class A, class B>
class [[nodiscard]] Both {
 public:
  Both(Task<A> a, Task<B> b) : a_(std::move(a)), b_(std::move(b)) {}
  Both(const Both&) = delete;
  Both& operator=(const Both&) = delete;
  ~Both() {
    for (std::coroutine_handle<> frame : counting_) {
      if (frame) { frame.destroy(); }
    }
  }
  bool await_ready() const noexcept { return a_.await_ready() && b_.await_ready(); }
  bool await_suspend(std::coroutine_handle<> waiting) {
    // Each side continues into a tiny frame that counts down; the last one resumes the waiter.
    waiting_ = waiting;
    left_ = 0;
    if (!a_.await_ready()) { ++left_; }
    if (!b_.await_ready()) { ++left_; }
    if (!a_.await_ready()) { a_.await_suspend(counting_[0] = countdown(*this).handle); }
    if (!b_.await_ready()) { b_.await_suspend(counting_[1] = countdown(*this).handle); }
    return true;
  }
  std::pair<A, B> await_resume() {
    A first = a_.await_resume();
    B second = b_.await_resume();
    return {std::move(first), std::move(second)};
  }

 private:
  struct Countdown {
    struct promise_type {
      Countdown get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
      std::suspend_always initial_suspend() const noexcept { return {}; }
      // Passes control to the waiter when it was the last.
      struct Final {
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
          return self.promise().next_;
        }
        void await_resume() const noexcept {}
      };
      Final final_suspend() const noexcept { return {}; }
      void return_value(std::coroutine_handle<> next) { next_ = next; }
      void unhandled_exception() const noexcept { abort(); }
      static void* operator new(size_t size) { return PromiseBase::operator new(size); }
      static void operator delete(void* memory, size_t size) { PromiseBase::operator delete(memory, size); }
      std::coroutine_handle<> next_;
    };
    std::coroutine_handle<promise_type> handle;
  };
  static Countdown countdown(Both& both) {
    co_return --both.left_ == 0 ? both.waiting_ : static_cast<std::coroutine_handle<>>(std::noop_coroutine());
  }

  Task<A> a_;
  Task<B> b_;
  std::coroutine_handle<> counting_[2];
  std::coroutine_handle<> waiting_;
  int left_ = 0;
};

template <class A, class B>
Both<A, B> both(Task<A> a, Task<B> b) {
  return Both<A, B>(std::move(a), std::move(b));
}

}  // namespace sluice::event
