// Who a process is, beyond a pid that another may get after it.
#pragma once

#include <cstdint>

namespace sluice::shm {

struct Identity {
  uint32_t pid;
  uint64_t started;  // in the kernel's ticks since boot, 0 if not known
};

Identity own_identity();
// False only when it is certain that this process is gone.
bool may_be_alive(const Identity& process);

}  // namespace sluice::shm
