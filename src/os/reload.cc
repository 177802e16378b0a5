// From one generation to the next: what SIGHUP asks for.
#include <csignal>

#include "base/log.h"
#include "base/text.h"
#include "os/master_process.h"
#include "os/notify.h"

namespace sluice::os {

namespace {
// Milliseconds that a reload waits for the oldest workers that leave: until their tunnels are closed, and
// then until they are ended.
constexpr uint64_t kTunnelsMayStay = 10'000;
constexpr uint64_t kRequestsMayStay = 30'000;
}  // namespace

void Master::reload() {
  if (ending_ != Ending::no) { return; }
  if (upgrade_.binary() != 0) {
    // The way back: what runs here is what ran before.
    if (without_workers_) {
      restart_workers();
    } else {
      log::notice(0, "ignored: a new binary is running, process %d", upgrade_.binary());
    }
    return;
  }
  if (crowded()) {
    postpone_reload();
    return;
  }
  log::notice(0, "reconfiguring");
  tell_reloading();
  Generation next;
  std::string why;
  log::collect(&why, log::Level::error);
  bool good = prepare_next(invocation_, generation_, former_ ? &*former_ : nullptr, last_number_ + 1, next);
  log::collect(nullptr, log::Level::emerg);
  if (!good) {
    log::error(0, "the configuration of generation %u stays in place", generation_.number);
    give_up_reload(std::move(why));
    return;
  }
  take_over(std::move(next));
}

// The generation that serves is kept until the new one does. One that never came to serve is not.
void Master::take_over(Generation next) {
  put_in_place(*next.config);
  if (former_) {
    Sockets kept = next.sockets;
    kept.add(former_->sockets);
    kept.close_others(generation_.sockets);
  } else {
    former_ = std::move(generation_);
  }
  generation_ = std::move(next);
  last_number_ = generation_.number;
  reloading_ = true;
  start_workers();
}

// The new generation cannot serve: the one before it goes on, complete.
void Master::go_back(std::string why) {
  put_in_place(*former_->config);
  move_pid_file(config(), *former_->config);
  processes_.retire(generation_.number, true);
  former_->sockets.replace(generation_.sockets);
  generation_ = std::move(*former_);
  former_.reset();
  settled_ = true;
  log::error(0, "generation %u cannot serve, generation %u goes on", last_number_, generation_.number);
  start_missing();
  if (!child_result_) { give_up_reload(std::move(why)); }
}

void Master::forget_former() {
  if (!former_) { return; }
  generation_.sockets.replace(former_->sockets);
  former_.reset();
}

// After SIGWINCH: workers of the configuration as it is.
void Master::restart_workers() {
  generation_.number = ++last_number_;
  start_workers();
}

// Workers of as many generations as may be leaving are.
bool Master::crowded() const {
  return processes_.leaving_generations() >= process_settings(config()).max_worker_generations;
}

// The reload waits for the oldest generation to leave by itself, for a while.
void Master::postpone_reload() {
  postponed_ = true;
  unsigned oldest = processes_.oldest_leaving();
  if (awaited_ == oldest) { return; }
  awaited_ = oldest;
  hurried_ = false;
  out_of_time_ = now() + kTunnelsMayStay;
  log::notice(0, "workers of %zu generations are leaving already: the reload waits for generation %u",
              processes_.leaving_generations(), oldest);
}

void Master::resume_reload() {
  if (!postponed_ || ending_ != Ending::no) { return; }
  if (!crowded()) {
    postponed_ = false;
    reload();
    return;
  }
  if (processes_.oldest_leaving() != awaited_) {
    postpone_reload();
  } else if (now() >= out_of_time_) {
    log::warn(0, "generation %u does not leave: %s", awaited_,
              hurried_ ? "it is ended" : "its tunnels are closed");
    processes_.kill_generation(awaited_, hurried_ ? SIGTERM : SIGUSR2);
    hurried_ = true;
    out_of_time_ = now() + kRequestsMayStay;
  }
}

void Master::give_up_reload(std::string why) {
  reload_ended(true, std::move(why));
  tell_ready(format("Reload failed, generation %u serves", state_.generation), !upgrade_.shared());
}

void Master::reload_ended(bool failed, std::string message) {
  reloading_ = false;
  postponed_ = false;
  ++state_.attempts;
  state_.failed = failed;
  state_.message = std::move(message);
}

}  // namespace sluice::os
