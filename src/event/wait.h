// Waiting. The only leaf: co_await wait(scope, deadline, what…) suspends until one of up to three Readys is
// set, the deadline passes, or the scope is cancelled.
//
//   while (true) {
//     auto got = connection.read(room);
//     if (got.status != Io::again) { … }
//     Wake woken = co_await wait(scope, deadline, connection.readable());
//     if (woken != Wake::ready) { co_return …; }
//   }
//
// Laws: it deregisters when destroyed; it is resumed from the loop's run queue only; at most one waiter per
// Ready.
#pragma once

#include <coroutine>
#include <cstdint>
#include <source_location>

#include "base/list.h"
#include "base/log.h"
#include "base/result.h"
#include "event/loop.h"

namespace sluice::event {

enum class Wake : uint8_t { ready, timeout, canceled };

class Wait;
struct WaitTag {};
struct ScopeTag {};

// Something that may be waited for: a socket became readable, room appeared, a fill progressed. It stays set
// until cleared by whoever found that there was nothing (left) to be had.
class Ready {
 public:
  bool is_set() const { return set_; }
  void set();
  void clear() { set_ = false; }
  bool waited_for() const { return waiter_ != nullptr; }

 private:
  friend class Wait;
  Wait* waiter_ = nullptr;
  bool set_ = false;
};

// The waits of one request or connection, cancelled together. A child's waits end with its parent's.
class Scope : public ListNode<ScopeTag> {
 public:
  Scope() = default;
  explicit Scope(Scope& parent) {
    parent.children_.push_back(this);
    subject_ = parent.subject_;
    canceled_ = parent.canceled_;
    why_ = parent.why_;
  }
  // Pending waits resume with Wake::canceled, and later ones do at once.
  void cancel(What why);
  bool canceled() const { return canceled_; }
  What why() const { return why_; }
  // Whose work it is: a child's is its parent's.
  void set_subject(const log::Subject* subject) { subject_ = subject; }
  const log::Subject* subject() const { return subject_; }
  // For the status page: calls visit(std::source_location, since) for each pending wait, children's too.
  template <class Visit>
  void each_wait(Visit visit);

 private:
  friend class Wait;
  List<Wait, WaitTag> waits_;
  List<Scope, ScopeTag> children_;
  const log::Subject* subject_ = nullptr;
  bool canceled_ = false;
  What why_ = What::none;
};

inline constexpr uint64_t kNoDeadline = UINT64_MAX;

class [[nodiscard]] Wait final : public Job, public Timer, public ListNode<WaitTag> {
 public:
  Wait(Scope& scope, uint64_t deadline, std::source_location where, Ready* a, Ready* b, Ready* c)
      : scope_(scope), deadline_(deadline), where_(where), readies_{a, b, c} {}
  ~Wait() { leave(); }

  bool await_ready() {
    if (scope_.canceled_) {
      outcome_ = Wake::canceled;
      return true;
    }
    for (Ready* ready : readies_) {
      if (ready != nullptr && ready->set_) { return true; }
    }
    return false;
  }
  void await_suspend(std::coroutine_handle<> waiting);
  Wake await_resume() {
    leave();
    return outcome_;
  }
  const std::source_location& where() const { return where_; }
  uint64_t since() const { return since_; }

 private:
  friend class Ready;
  friend class Scope;
  void wake(Wake outcome) {
    if (Job::queued()) { return; }
    outcome_ = outcome;
    Loop::current().soon(*this);
  }
  void leave();
  void run() override;
  void expired() override { wake(Wake::timeout); }

  Scope& scope_;
  uint64_t deadline_;
  uint64_t since_ = 0;
  std::source_location where_;
  Ready* readies_[3];
  std::coroutine_handle<> waiting_;
  Wake outcome_ = Wake::ready;
};

// `deadline` in milliseconds of clock::now(), or kNoDeadline.
inline Wait wait(Scope& scope, uint64_t deadline, Ready& a,
                 std::source_location where = std::source_location::current()) {
  return {scope, deadline, where, &a, nullptr, nullptr};
}
inline Wait wait(Scope& scope, uint64_t deadline, Ready& a, Ready& b,
                 std::source_location where = std::source_location::current()) {
  return {scope, deadline, where, &a, &b, nullptr};
}
inline Wait wait(Scope& scope, uint64_t deadline, Ready& a, Ready& b, Ready& c,
                 std::source_location where = std::source_location::current()) {
  return {scope, deadline, where, &a, &b, &c};
}
// Lets the others have their turn: for loops that could go on as long as a peer feeds them.
inline Wait next_turn(Scope& scope, std::source_location where = std::source_location::current()) {
  return {scope, 0, where, nullptr, nullptr, nullptr};
}
// Only time, or cancellation, ends it.
inline Wait sleep(Scope& scope, uint64_t deadline,
                  std::source_location where = std::source_location::current()) {
  return {scope, deadline, where, nullptr, nullptr, nullptr};
}

inline void Ready::set() {
  set_ = true;
  if (waiter_ != nullptr) { waiter_->wake(Wake::ready); }
}

template <class Visit>
void Scope::each_wait(Visit visit) {
  for (Wait* wait = waits_.front(); wait != nullptr; wait = waits_.next(wait)) {
    visit(wait->where(), wait->since());
  }
  for (Scope* child = children_.front(); child != nullptr; child = children_.next(child)) {
    child->each_wait(visit);
  }
}

}  // namespace sluice::event
