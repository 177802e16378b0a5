#include "os/alone.h"

#include <unistd.h>

#include <cerrno>

#include "base/log.h"
#include "os/load.h"
#include "os/notify.h"

namespace sluice::os {

Alone::Alone(const Invocation& invocation, Generation first) : invocation_(invocation) {
  generations_.push_back(std::move(first));
}

WorkerStart Alone::start() {
  if (!now().zones.join(now().number)) { log::alert(0, "no place in shared memory for this process"); }
  return {*now().config, 0, now().number, now().sockets.for_worker(0), -1, -1, this, &now().zones, nullptr};
}

int Alone::run() {
  tell_ready("One process serves", true);
  int code = run_worker(start());
  close_sockets();
  std::string path = pid_path(*now().config);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    log::alert(errno, "unlink() \"%s\" failed", path.c_str());
  }
  return code;
}

void Alone::close_sockets() {
  tell_stopping();
  now().sockets.close();
}

bool Alone::prepare() {
  tell_reloading();
  next_ = Generation();
  bool good = prepare_next(invocation_, now(), nullptr, now().number + 1, next_);
  if (!good) { tell_ready("Reload failed, the configuration is what it was", true); }
  return good;
}

WorkerStart Alone::adopt() {
  put_in_place(*next_.config);
  next_.sockets.replace(now().sockets);
  generations_.push_back(std::move(next_));
  tell_ready("One process serves", true);
  return start();
}

}  // namespace sluice::os
