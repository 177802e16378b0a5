#include "shm/process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/text.h"

namespace sluice::shm {

namespace {

// proc_pid_stat(5): field 22, counted after the name, which may hold blanks and brackets itself.
uint64_t start_of(uint32_t pid) {
  char text[1024];
  int fd = open(format("/proc/%u/stat", pid).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) { return 0; }
  ssize_t size = read(fd, text, sizeof(text) - 1);
  close(fd);
  if (size <= 0) { return 0; }
  text[size] = '\0';
  const char* at = strrchr(text, ')');
  for (int blanks = 0; at != nullptr && blanks < 20; ++blanks) { at = strchr(at + 1, ' '); }
  return at == nullptr ? 0 : strtoull(at + 1, nullptr, 10);
}

}  // namespace

Identity own_identity() {
  uint32_t pid = static_cast<uint32_t>(getpid());
  return {pid, start_of(pid)};
}

bool may_be_alive(const Identity& process) {
  if (kill(static_cast<pid_t>(process.pid), 0) != 0 && errno == ESRCH) { return false; }
  uint64_t started = start_of(process.pid);
  return started == 0 || process.started == 0 || started == process.started;
}

}  // namespace sluice::shm
