#include "event/loop.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdlib>

#include "base/clock.h"
#include "base/log.h"

namespace sluice::event {

namespace {
Loop* current_loop = nullptr;

timeval to_timeval(uint64_t milliseconds) {
  return {static_cast<time_t>(milliseconds / 1000), static_cast<suseconds_t>(milliseconds % 1000 * 1000)};
}
}  // namespace

// Wakes the loop for its timer wheel. A descriptor of its own and no timer of libevent's: with one of those
// pending, every turn would ask for the time three times.
struct Loop::Tick {
  struct event event;
  int fd = -1;
};

Loop& Loop::current() {
  if (current_loop == nullptr) { current_loop = new Loop; }
  return *current_loop;
}

void Loop::forget() {
  // The memory stays: the parent's objects that this process inherited may still name it. What must not
  // happen is that the parent's epoll set is changed from here.
  current_loop = nullptr;
}

Loop::Loop() : tick_(std::make_unique<Tick>()), timers_(clock::now()) {
  event_config* config = event_config_new();
  event_config_avoid_method(config, "select");
  event_config_avoid_method(config, "poll");
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
  event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME);
  base_ = event_base_new_with_config(config);
  event_config_free(config);
  tick_->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (base_ == nullptr || tick_->fd < 0) {
    log::emerg(errno, "cannot create the event loop");
    abort();
  }
  event_assign(&tick_->event, base_, tick_->fd, EV_READ | EV_PERSIST, on_tick, this);
  event_add(&tick_->event, nullptr);
}

Loop::~Loop() {
  event_del(&tick_->event);
  ::close(tick_->fd);
  event_base_free(base_);
  if (current_loop == this) { current_loop = nullptr; }
}

void Loop::on_tick(int fd, short, void* self) {
  uint64_t expirations;
  [[maybe_unused]] ssize_t got = ::read(fd, &expirations, sizeof expirations);
  static_cast<Loop*>(self)->tick_at_ = TimerWheel::kNever;
}

void Loop::arm_tick(uint64_t next) {
  tick_at_ = next;
  uint64_t now = clock::now();
  uint64_t wait = next > now ? next - now : 0;
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(wait / 1000);
  // A time of zero would disarm it.
  when.it_value.tv_nsec = wait == 0 ? 1 : static_cast<long>(wait % 1000 * 1'000'000);
  timerfd_settime(tick_->fd, 0, &when, nullptr);
}

void Loop::settle() {
  timers_.advance(clock::now());
  while (!jobs_.empty() || !garbage_.empty()) {
    while (Job* job = jobs_.pop_front()) { job->run(); }
    while (Garbage* garbage = garbage_.pop_front()) { delete garbage; }
  }
  if (!later_.empty()) { jobs_.splice(later_); }
}

void Loop::turn(int milliseconds) {
  settle();
  if (milliseconds >= 0) {
    timeval wait = to_timeval(static_cast<uint64_t>(milliseconds));
    event_base_loopexit(base_, &wait);
  }
  if (timers_.next() < tick_at_) { arm_tick(timers_.next()); }
  clock::expire();
  event_base_loop(base_, jobs_.empty() ? EVLOOP_ONCE : EVLOOP_NONBLOCK);
  settle();
}

void Loop::run() {
  stopped_ = false;
  settle();
  while (!stopped_) {
    if (timers_.next() < tick_at_) { arm_tick(timers_.next()); }
    clock::expire();
    event_base_loop(base_, (jobs_.empty() ? EVLOOP_ONCE : EVLOOP_NONBLOCK) | EVLOOP_NO_EXIT_ON_EMPTY);
    settle();
  }
}

void Deadline::expired() {
  if (at_ == TimerWheel::kNever) { return; }
  if (at_ > clock::now()) {
    Loop::current().arm(*this, at_);
    return;
  }
  at_ = TimerWheel::kNever;
  met();
}

void Alarm::in(uint64_t milliseconds) { Loop::current().arm(*this, clock::now() + milliseconds); }

struct SignalWatch::State {
  struct event event;
  void (*call)(void*);
  void* context;
};

SignalWatch::SignalWatch(int signal, void (*call)(void*), void* context) : state_(std::make_unique<State>()) {
  state_->call = call;
  state_->context = context;
  auto relay = [](int, short, void* state) {
    auto* self = static_cast<State*>(state);
    self->call(self->context);
  };
  evsignal_assign(&state_->event, Loop::current().base(), signal, relay, state_.get());
  evsignal_add(&state_->event, nullptr);
}

SignalWatch::~SignalWatch() { evsignal_del(&state_->event); }

struct ReadWatch::State {
  struct event event;
  void (*call)(void*);
  void* context;
};

ReadWatch::ReadWatch(int fd, void (*call)(void*), void* context) : state_(std::make_unique<State>()) {
  state_->call = call;
  state_->context = context;
  auto relay = [](int, short, void* state) {
    auto* self = static_cast<State*>(state);
    self->call(self->context);
  };
  event_assign(&state_->event, Loop::current().base(), fd, EV_READ | EV_PERSIST, relay, state_.get());
  resume();
}

ReadWatch::~ReadWatch() { pause(); }
void ReadWatch::pause() { event_del(&state_->event); }
void ReadWatch::resume() { event_add(&state_->event, nullptr); }

}  // namespace sluice::event
