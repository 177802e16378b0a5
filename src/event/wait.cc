#include "event/wait.h"

#include <cassert>

#include "base/clock.h"

namespace sluice::event {

void Scope::cancel(What why) {
  if (canceled_) { return; }
  canceled_ = true;
  why_ = why;
  for (Wait* wait = waits_.front(); wait != nullptr; wait = waits_.next(wait)) { wait->wake(Wake::canceled); }
  for (Scope* child = children_.front(); child != nullptr; child = children_.next(child)) {
    child->cancel(why);
  }
}

void Wait::await_suspend(std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  since_ = clock::now();
  for (Ready* ready : readies_) {
    if (ready == nullptr) { continue; }
    assert(ready->waiter_ == nullptr && "one waiter per Ready");
    ready->waiter_ = this;
  }
  scope_.waits_.push_back(this);
  if (deadline_ == 0) {
    outcome_ = Wake::timeout;
    Loop::current().later(*this);
  } else if (deadline_ != kNoDeadline) {
    Loop::current().arm(*this, deadline_);
  }
}

void Wait::leave() {
  if (!waiting_) { return; }
  waiting_ = nullptr;
  for (Ready* ready : readies_) {
    if (ready != nullptr && ready->waiter_ == this) { ready->waiter_ = nullptr; }
  }
  ListNode<WaitTag>::unlink();
  ListNode<JobTag>::unlink();
  disarm();
}

void Wait::run() {
  auto waiting = waiting_;
  leave();
  log::running = scope_.subject();
  waiting.resume();
  log::running = nullptr;
}

}  // namespace sluice::event
