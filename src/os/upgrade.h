// The change to another binary while this one serves (USR2): the new one is started beside the old with its
// sockets and zones; whoever ends first leaves the other in place.
#pragma once

#include <sys/types.h>

#include <string>

#include "os/generation.h"

namespace sluice::os {

class Upgrade {
 public:
  // Moves the pid file aside and starts the new binary. False after saying why not; nothing has changed then.
  bool start(const Invocation& invocation, const Generation& generation);
  // The new binary's process while it runs, or 0.
  pid_t binary() const { return binary_; }
  // It has ended: this process is the server again and its pid file the one to look at.
  void ended(int status);
  // The pid file of this process as of now.
  std::string pid_file(const conf::Config& config) const;
  // Another master uses the same sockets: the one that this one started, or the one that started this one.
  bool shared() const;
  // This process was started by another master, its parent.
  void note_parent();

 private:
  pid_t binary_ = 0;
  pid_t parent_ = 0;
  std::string pid_path_;
  std::string old_path_;
};

}  // namespace sluice::os
