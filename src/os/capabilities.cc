#include "os/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sluice::os {

namespace {
constexpr int kMostCapabilities = 64;  // the kernel's sets are two words
}

Capabilities master_capabilities() {
  return {
      CAP_NET_BIND_SERVICE,  // listen on 80 and 443
      CAP_SETUID,
      CAP_SETGID,
      CAP_SETPCAP,  // workers become `user`, and drop all of these
      CAP_KILL,     // signals to workers, who are another user's
      CAP_DAC_OVERRIDE,
      CAP_CHOWN,
      CAP_FOWNER,
      CAP_FSETID,  // logs and folders that belong to workers; keys
      CAP_SYS_RESOURCE,
      CAP_SYS_NICE,  // worker_rlimit_*, worker_priority
  };
}

void limit_bounding_set(Capabilities kept) {
  for (int number = 0; number < kMostCapabilities; ++number) {
    if (kept.has(number)) { continue; }
    // The first number that the kernel does not know ends it; so does a lack of CAP_SETPCAP.
    if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0) { return; }
  }
}

bool limit_capabilities(Capabilities kept) {
  limit_bounding_set(kept);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  // glibc has no function for these two; libcap would be a library for two calls.
  if (syscall(SYS_capget, &header, data) != 0) { return false; }
  for (unsigned word = 0; word < _LINUX_CAPABILITY_U32S_3; ++word) {
    auto mask = static_cast<uint32_t>(kept.bits() >> (32 * word));
    data[word].permitted &= mask;
    data[word].effective &= mask;
    data[word].inheritable &= mask;  // and with it the ambient set
  }
  return syscall(SYS_capset, &header, data) == 0;
}

}  // namespace sluice::os
