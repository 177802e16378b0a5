#include "os/worker.h"

#include <unistd.h>

#include <csignal>
#include <memory>

#include "base/log.h"
#include "event/loop.h"
#include "os/error_log.h"
#include "os/files.h"
#include "os/privilege.h"
#include "os/settings.h"
#include "os/signals.h"
#include "os/title.h"

namespace sluice::os {

namespace {

constexpr uint64_t kLookEvery = 10;  // milliseconds between looks whether a retiring worker is done
constexpr int kLastTurns = 100;      // turns of the loop for cancelled work to unwind at the end
constexpr int kFatal = 2;            // exit code that says: starting another one is no use

Worker* current = nullptr;

// A worker's life beyond its services: signals, retirement, the master's presence.
class Life {
 public:
  explicit Life(const WorkerStart& start)
      : start_(start),
        signals_(open_signals({SIGQUIT, SIGTERM, SIGINT, SIGUSR1})),
        signal_watch_(
            signals_, [](void* self) { static_cast<Life*>(self)->read_signals(); }, this),
        look_([](void* self) { static_cast<Life*>(self)->look(); }, this),
        deadline_([](void* self) { static_cast<Life*>(self)->overdue(); }, this) {
    if (start.master_fd >= 0) {
      master_watch_ = std::make_unique<event::ReadWatch>(
          start.master_fd, [](void* self) { static_cast<Life*>(self)->orphaned(); }, this);
    }
  }
  ~Life() { close(signals_); }

 private:
  void read_signals();
  void handle(const Signal& signal);
  void reopen();
  void retire();
  void look();
  void overdue();
  void orphaned();

  const WorkerStart& start_;
  int signals_;
  event::ReadWatch signal_watch_;
  std::unique_ptr<event::ReadWatch> master_watch_;
  event::Alarm look_;
  event::Alarm deadline_;
};

size_t busy_services() {
  size_t busy = 0;
  ServiceRow::Registered::each([&](const ServiceRow& service) {
    if (service.busy != nullptr) { busy += service.busy(); }
  });
  return busy;
}

// Calls one of the functions of every service that has it.
void call_services(void (*ServiceRow::*function)(Worker&), Worker& worker) {
  ServiceRow::Registered::each([&](const ServiceRow& service) {
    if (service.*function != nullptr) { (service.*function)(worker); }
  });
}

// Once nobody else has them open, whoever connects is refused instead of waiting for a process that left.
void close_listeners(Worker& worker) {
  for (const Listener& listener : worker.listeners) { close(listener.fd); }
  worker.listeners.clear();
}

void Life::read_signals() {
  Signal signal;
  while (next_signal(signals_, signal)) { handle(signal); }
}

void Life::handle(const Signal& signal) {
  switch (signal.number) {
    case SIGQUIT:
      log_signal(signal, ", shutting down");
      retire();
      break;
    case SIGTERM:
    case SIGINT:
      log_signal(signal, ", exiting");
      event::Loop::current().stop();
      break;
    case SIGUSR1:
      log_signal(signal, ", reopening logs");
      reopen();
      break;
    default:
      break;
  }
}

void Life::reopen() {
  log::notice(0, "reopening logs");
  flush_services();
  reopen_all(nullptr);
  redirect_stderr();
}

void Life::retire() {
  if (current->retiring) { return; }
  current->retiring = true;
  log::notice(0, "gracefully shutting down");
  if (!start_.alone) { set_title("sluice: worker process is shutting down"); }
  call_services(&ServiceRow::retire, *current);
  close_listeners(*current);
  uint64_t limit = process_settings(current->config).worker_shutdown_timeout.count;
  if (limit > 0) { deadline_.in(limit); }
  look_.in(0);
}

void Life::look() {
  if (busy_services() == 0) {
    event::Loop::current().stop();
  } else {
    look_.in(kLookEvery);
  }
}

void Life::overdue() {
  log::notice(0, "worker_shutdown_timeout passed, closing %zu connections", busy_services());
  event::Loop::current().stop();
}

void Life::orphaned() {
  master_watch_->pause();
  log::alert(0, "the master process is gone, shutting down");
  retire();
}

// Ends what is left. Cancelled work unwinds in turns of the loop.
void stop_services(Worker& worker) {
  call_services(&ServiceRow::stop, worker);
  event::Loop& loop = event::Loop::current();
  for (int i = 0; i < kLastTurns && busy_services() > 0; ++i) { loop.turn(1); }
}

void serve(Worker& worker, const WorkerStart& start) {
  Life life(start);
  call_services(&ServiceRow::start, worker);
  if (start.ready_fd >= 0) {
    [[maybe_unused]] ssize_t told = write(start.ready_fd, "r", 1);
    close(start.ready_fd);
  }
  event::Loop::current().run();
  log::notice(0, "exiting");
  stop_services(worker);
}

}  // namespace

Worker* current_worker() { return current; }

void flush_services() {
  ServiceRow::Registered::each([](const ServiceRow& service) {
    if (service.flush != nullptr) { service.flush(); }
  });
}

int run_worker(const WorkerStart& start) {
  const ProcessSettings& settings = process_settings(start.config);
  if (!start.alone) {
    if (!become_worker(start.config, start.number)) { return kFatal; }
    set_title("sluice: worker process");
    reduce_environment(settings.environment);
  }
  event::Loop::forget();
  std::unique_ptr<Worker> worker(new Worker{start.config,
                                            start.number,
                                            start.generation,
                                            start.listeners,
                                            {},
                                            false,
                                            event_settings(start.config).worker_connections});
  current = worker.get();
  serve(*worker, start);
  flush_services();
  worker.reset();
  current = nullptr;
  log::notice(0, "exit");
  return 0;
}

}  // namespace sluice::os
