#include "os/alone.h"

#include <unistd.h>

#include <cerrno>

#include "base/log.h"
#include "os/load.h"

namespace sluice::os {

Alone::Alone(const Invocation& invocation, Generation first) : invocation_(invocation) {
  generations_.push_back(std::move(first));
}

WorkerStart Alone::start() {
  return {*now().config, 0, now().number, now().sockets.for_worker(0), -1, -1, this, &now().zones, nullptr};
}

int Alone::run() {
  int code = run_worker(start());
  close_sockets();
  std::string path = pid_path(*now().config);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    log::alert(errno, "unlink() \"%s\" failed", path.c_str());
  }
  return code;
}

bool Alone::prepare() {
  next_ = Generation();
  return prepare_next(invocation_, now(), next_);
}

WorkerStart Alone::adopt() {
  put_in_place(now(), next_);
  generations_.push_back(std::move(next_));
  return start();
}

}  // namespace sluice::os
