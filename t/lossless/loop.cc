#include "loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace lossless {

uint64_t now() {
  auto since = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
}

Watcher::~Watcher() {
  call_at(0);
  watch(-1, 0);
}

void Watcher::watch(int fd, uint32_t events) {
  if (fd == fd_ && events == events_) { return; }
  epoll_event event{};
  event.events = events;
  event.data.ptr = this;
  if (fd != fd_) {
    if (fd_ >= 0) { epoll_ctl(loop_.epoll_, EPOLL_CTL_DEL, fd_, nullptr); }
    if (fd >= 0) {
      epoll_ctl(loop_.epoll_, EPOLL_CTL_ADD, fd, &event);
      loop_.watchers_.insert(this);
    } else {
      loop_.watchers_.erase(this);
    }
  } else {
    epoll_ctl(loop_.epoll_, EPOLL_CTL_MOD, fd, &event);
  }
  fd_ = fd;
  events_ = events;
}

void Watcher::call_at(uint64_t moment) {
  if (moment_ != 0) { loop_.moments_.erase({moment_, this}); }
  moment_ = moment;
  if (moment_ != 0) { loop_.moments_.insert({moment_, this}); }
}

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) {
    perror("epoll_create1");
    exit(2);
  }
}

Loop::~Loop() { close(epoll_); }

void Loop::call_due() {
  uint64_t time = now();
  while (!moments_.empty() && moments_.begin()->first <= time) {
    Watcher* watcher = moments_.begin()->second;
    watcher->call_at(0);
    watcher->due();
  }
}

int Loop::timeout() const {
  if (moments_.empty()) { return -1; }
  uint64_t time = now();
  uint64_t first = moments_.begin()->first;
  return first <= time ? 0 : static_cast<int>((first - time + 999) / 1000);
}

void Loop::run() {
  epoll_event events[256];
  while (running_) {
    int count = epoll_wait(epoll_, events, 256, timeout());
    for (int i = 0; i < count && running_; ++i) {
      auto* watcher = static_cast<Watcher*>(events[i].data.ptr);
      if (watchers_.contains(watcher)) { watcher->ready(events[i].events); }
    }
    call_due();
  }
}

}  // namespace lossless
