#include "os/worker.h"

#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>

#include "base/log.h"
#include "event/loop.h"
#include "os/alone.h"
#include "os/crash.h"
#include "os/error_log.h"
#include "os/files.h"
#include "os/privilege.h"
#include "os/sandbox.h"
#include "os/settings.h"
#include "os/signals.h"
#include "os/title.h"

namespace sluice::os {

namespace {

constexpr uint64_t kLookEvery = 10;  // milliseconds between looks whether a retiring worker is done
constexpr int kLastTurns = 100;      // turns of the loop for cancelled work to unwind at the end

// A worker's life beyond its services: signals, retirement, the master's presence.
class Life {
 public:
  Life(const WorkerStart& start, Role role)
      : start_(start),
        role_(role),
        signals_(start.alone != nullptr
                     ? open_signals({SIGQUIT, SIGTERM, SIGINT, SIGUSR1, SIGHUP})
                     : open_signals({SIGQUIT, SIGTERM, SIGINT, SIGUSR1, SIGWINCH, SIGUSR2})),
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
  // Starts the services, if it is a worker.
  void begin(const WorkerStart& start);
  Worker& worker() { return *worker_; }
  // Ends what is left. Cancelled work unwinds in turns of the loop.
  void end();

 private:
  void read_signals();
  void handle(const Signal& signal);
  void reopen();
  void reload();
  void retire(bool gently);
  void make_haste();
  void look();
  void overdue();
  void orphaned();

  // A worker that a reload has replaced, in a process without a master.
  struct Former {
    explicit Former(std::unique_ptr<Worker> former)
        : worker(std::move(former)), overdue([](void* self) { static_cast<Former*>(self)->stop(); }, this) {}
    void stop();
    std::unique_ptr<Worker> worker;
    event::Alarm overdue;
  };

  const WorkerStart& start_;
  Role role_;
  std::unique_ptr<Worker> worker_;
  std::vector<std::unique_ptr<Former>> former_;
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

std::string title_of(const WorkerStart& start, Role role) {
  const char* what = role == Role::worker ? "worker" : "manager";
  return std::string("sluice: ") + what + " process (generation " + std::to_string(start.generation) + ")";
}

void Life::read_signals() {
  Signal signal;
  while (next_signal(signals_, signal)) { handle(signal); }
}

void Life::handle(const Signal& signal) {
  switch (signal.number) {
    case SIGQUIT:
      log_signal(signal, ", shutting down");
      retire(false);
      break;
    case SIGWINCH:  // of the master: others have taken over
      log_signal(signal, ", leaving");
      retire(true);
      break;
    case SIGTERM:
    case SIGINT:
      log_signal(signal, ", exiting");
      event::Loop::current().stop();
      break;
    case SIGUSR2:  // of the master: others wait for this one to leave
      log_signal(signal, ", closing tunnels");
      make_haste();
      break;
    case SIGUSR1:
      log_signal(signal, ", reopening logs");
      reopen();
      break;
    case SIGHUP:
      log_signal(signal, ", reconfiguring");
      reload();
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

void Life::reload() {
  if (worker().retiring) { return; }
  log::notice(0, "reconfiguring");
  if (!start_.alone->prepare()) { return; }
  worker().gently = true;
  call_services(&ServiceRow::retire, worker());
  former_.push_back(std::make_unique<Former>(std::move(worker_)));
  Former& former = *former_.back();
  uint64_t limit = process_settings(former.worker->config).worker_shutdown_timeout.count;
  if (limit > 0) { former.overdue.in(limit); }
  begin(start_.alone->adopt());
}

void Life::Former::stop() { call_services(&ServiceRow::stop, *worker); }

void Life::retire(bool gently) {
  bool first = !worker().retiring;
  if (!first && (gently || !worker().gently)) { return; }
  worker().retiring = true;
  worker().gently = gently;
  log::notice(0, "gracefully shutting down");
  call_services(&ServiceRow::retire, worker());
  if (!first) { return; }
  if (start_.alone == nullptr) {
    set_title(title_of(start_, role_) + " is shutting down");
    close_listeners(worker());
  } else {
    start_.alone->close_sockets();
  }
  uint64_t limit = process_settings(worker().config).worker_shutdown_timeout.count;
  if (limit > 0) { deadline_.in(limit); }
  look_.in(0);
}

void Life::make_haste() {
  if (!worker().retiring) { return; }
  worker().in_haste = true;
  call_services(&ServiceRow::retire, worker());
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
  retire(false);
}

void Life::begin(const WorkerStart& start) {
  worker_.reset(new Worker{start.config,
                           start.number,
                           start.generation,
                           start.listeners,
                           {},
                           false,
                           false,
                           false,
                           event_settings(start.config).worker_connections,
                           start.zones});
  if (role_ == Role::worker) { call_services(&ServiceRow::start, worker()); }
}

void Life::end() {
  for (auto& former : former_) { former->stop(); }
  call_services(&ServiceRow::stop, worker());
  event::Loop& loop = event::Loop::current();
  for (int i = 0; i < kLastTurns && busy_services() > 0; ++i) { loop.turn(1); }
  flush_services();
}

}  // namespace

void flush_services() {
  ServiceRow::Registered::each([](const ServiceRow& service) {
    if (service.flush != nullptr) { service.flush(); }
  });
}

int run_process(const WorkerStart& start, Role role, const std::function<void(Worker&)>& begin) {
  const ProcessSettings& settings = process_settings(start.config);
  if (start.claim != nullptr && !shm::Zones::enter(*start.claim)) {
    log::alert(0, "the place in shared memory is taken");
    return 1;
  }
  if (start.alone == nullptr) {
    if (!become_worker(start.config, role == Role::worker ? start.number : 0)) { return kFatalExit; }
    if (!enter_sandbox(start.config)) { return kFatalExit; }
    set_title(title_of(start, role));
    reduce_environment(settings.environment);
  }
  report_crashes(start.generation);
  event::Loop::forget();
  {
    Life life(start, role);
    life.begin(start);
    if (begin) { begin(life.worker()); }
    if (start.ready_fd >= 0) {
      [[maybe_unused]] ssize_t told = write(start.ready_fd, "r", 1);
      close(start.ready_fd);
    }
    event::Loop::current().run();
    log::notice(0, "exiting");
    life.end();
  }
  log::notice(0, "exit");
  return 0;
}

int run_worker(const WorkerStart& start) { return run_process(start, Role::worker, nullptr); }

}  // namespace sluice::os
