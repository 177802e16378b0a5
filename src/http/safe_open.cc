#include "http/safe_open.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string>
#include <utility>

namespace sluice::http {

namespace {

constexpr int kLook = O_PATH | O_NOFOLLOW | O_CLOEXEC;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    int kept = errno;
    if (fd_ >= 0) { ::close(fd_); }
    errno = kept;
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  bool open() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Descriptor refused() {
  errno = ELOOP;
  return Descriptor(-1);
}

// A link that may not be followed is no folder to whoever wants to go on from it.
Descriptor refuse_link(int flags) {
  errno = (flags & O_DIRECTORY) != 0 ? ENOTDIR : ELOOP;
  return Descriptor(-1);
}

// What the link `link`, an entry of `folder`, leads to.
Descriptor follow(int folder, int link, uid_t owner, int flags) {
  char text[PATH_MAX];
  ssize_t size = ::readlinkat(link, "", text, sizeof text);
  if (size < 0 || static_cast<size_t>(size) == sizeof text) { return refused(); }
  text[size] = '\0';
  Descriptor target(::openat(folder, text, flags));
  struct stat status;
  if (!target.open()) { return target; }
  if (::fstat(target.get(), &status) != 0 || status.st_uid != owner) { return refused(); }
  return target;
}

Descriptor open_component(int folder, const char* name, Symlinks rule, int flags) {
  Descriptor entry(::openat(folder, name, kLook));
  struct stat status;
  if (!entry.open() || ::fstat(entry.get(), &status) != 0) { return Descriptor(entry.release()); }
  if (S_ISLNK(status.st_mode)) {
    return rule == Symlinks::refuse ? refuse_link(flags) : follow(folder, entry.get(), status.st_uid, flags);
  }
  if ((flags & O_PATH) != 0) { return entry; }
  return Descriptor(::openat(folder, name, flags | O_NOFOLLOW));
}

// One component after the other.
int open_stepwise(Descriptor folder, string_view rest, Symlinks rule, int flags) {
  while (folder.open()) {
    rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
    std::string name(rest.substr(0, rest.find('/')));
    rest.remove_prefix(name.size());
    bool last = rest.find_first_not_of('/') == string_view::npos;
    // A slash behind the last one asks for a folder.
    int folder_flag = rest.empty() ? 0 : O_DIRECTORY;
    if (name.empty()) { name.assign(1, '.'); }
    folder = open_component(folder.get(), name.c_str(), rule,
                            last ? flags | folder_flag : O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (last) { break; }
  }
  return folder.release();
}

// The kernel does the same in one call.
int open_without_links(int folder, const char* rest, int flags) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags);
  how.resolve = RESOLVE_NO_SYMLINKS;
  return static_cast<int>(::syscall(SYS_openat2, folder, rest, &how, sizeof how));
}

}  // namespace

int open_path(const GuardedPath& path, int flags) {
  string_view name = path.name;
  if (path.symlinks == Symlinks::follow || path.trusted >= name.size()) { return ::open(path.name, flags); }
  std::string trusted(path.trusted == 0 ? string_view("/") : name.substr(0, path.trusted));
  Descriptor folder(::open(trusted.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.open()) { return -1; }
  const char* rest = path.name + path.trusted;
  while (*rest == '/') { ++rest; }
  if (*rest == '\0') { rest = "."; }
  if (path.symlinks == Symlinks::refuse) {
    int fd = open_without_links(folder.get(), rest, flags);
    // An old kernel, or a container that knows none of it; EAGAIN: something was renamed meanwhile; ELOOP:
    // which component it was makes a difference.
    bool elsewise = errno == ENOSYS || errno == EPERM || errno == EAGAIN || errno == ELOOP;
    if (fd >= 0 || !elsewise) { return fd; }
  }
  return open_stepwise(std::move(folder), rest, path.symlinks, flags);
}

size_t trusted_part(string_view name, string_view from) {
  while (from.ends_with('/')) { from.remove_suffix(1); }
  if (from.empty() || !name.starts_with(from)) { return 0; }
  return name.size() == from.size() || name[from.size()] == '/' ? from.size() : 0;
}

}  // namespace sluice::http
