#include "os/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/text.h"

namespace sluice::os {

namespace {

struct OpenLogs {
  std::vector<std::weak_ptr<log::File>> files;
};

OpenLogs& open_logs() {
  static auto* all = new OpenLogs;  // never destroyed: logs are written until the very end
  return *all;
}

void let_go(log::File* file) {
  if (file->fd > STDERR_FILENO) { close(file->fd); }
  delete file;
}

// The standard streams by their names in /dev. Opening these anew asks for permission once more, which
// workers of another user do not have, and is impossible for a socket, such as the journal's. -1 for other
// paths.
int standard_stream(const std::string& path) {
  return path == "/dev/stdout" ? STDOUT_FILENO : path == "/dev/stderr" ? STDERR_FILENO : -1;
}

int open_for_append(const std::string& path) {
  if (int stream = standard_stream(path); stream >= 0) {
    return fcntl(stream, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  }
  return open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
}

template <class Visit>
void each_log(Visit visit) {
  std::vector<std::weak_ptr<log::File>>& files = open_logs().files;
  std::erase_if(files, [](const std::weak_ptr<log::File>& file) { return file.expired(); });
  for (const std::weak_ptr<log::File>& weak : files) {
    if (std::shared_ptr<log::File> file = weak.lock(); file && !file->path.empty()) { visit(*file); }
  }
}

void give_to(int fd, const std::string& path, const Owner& owner) {
  struct stat about {};
  if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_uid == owner.user) { return; }
  if (fchown(fd, owner.user, static_cast<gid_t>(-1)) != 0) {
    log::emerg(errno, "chown(\"%s\", %d) failed", path.c_str(), static_cast<int>(owner.user));
  }
}

void reopen(log::File& file, const Owner* owner) {
  // What it was when it was opened: standard error leads to the error log by now.
  if (file.fd >= 0 && standard_stream(file.path) >= 0) { return; }
  int fresh = open_for_append(file.path);
  if (fresh < 0) {
    log::emerg(errno, "open() \"%s\" failed", file.path.c_str());
    return;
  }
  if (owner != nullptr) { give_to(fresh, file.path, *owner); }
  if (file.fd < 0) {
    file.fd = fresh;
    return;
  }
  // In place: whoever holds the number writes to the new file from now on.
  dup3(fresh, file.fd, O_CLOEXEC);
  close(fresh);
}

bool write_whole(int fd, const std::string& text) {
  return write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// A device (/dev/null) or a pipe is written to; it must not be replaced by a file.
bool is_special(const std::string& path) {
  struct stat about {};
  return lstat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode);
}

bool write_by_renaming(const std::string& path, const std::string& text) {
  std::string fresh = path + format(".%d", getpid());
  int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) { return false; }
  bool done = write_whole(fd, text);
  close(fd);
  if (done && rename(fresh.c_str(), path.c_str()) == 0) { return true; }
  unlink(fresh.c_str());
  return false;
}

}  // namespace

// -- logs ---------------------------------------------------------------------------------------------

std::shared_ptr<log::File> open_log(const std::string& path) {
  std::string key = path == "stderr" ? std::string() : path;
  std::vector<std::weak_ptr<log::File>>& files = open_logs().files;
  for (const std::weak_ptr<log::File>& weak : files) {
    if (std::shared_ptr<log::File> file = weak.lock(); file && file->path == key) { return file; }
  }
  std::shared_ptr<log::File> file(new log::File{key, key.empty() ? STDERR_FILENO : -1}, let_go);
  files.push_back(file);
  return file;
}

bool open_now(log::File& file) {
  file.fd = open_for_append(file.path);
  return file.fd >= 0;
}

bool open_pending() {
  bool good = true;
  each_log([&](log::File& file) {
    if (file.fd < 0 && !open_now(file)) {
      log::emerg(errno, "open() \"%s\" failed", file.path.c_str());
      good = false;
    }
  });
  return good;
}

void reopen_all(const Owner* owner) {
  each_log([&](log::File& file) { reopen(file, owner); });
}

// -- temporary files and folders ----------------------------------------------------------------------

Result<int> make_temp_file(const std::string& dir, std::string* path) {
  if (path == nullptr) {
    int fd = open(dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) { return fd; }
    if (errno != EOPNOTSUPP && errno != EISDIR) {
      return Error{What::exhausted, Side::self, Retry::no, errno};
    }
  }
  std::string name = dir + "/XXXXXXXXXX";
  int fd = mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) { return Error{What::exhausted, Side::self, Retry::no, errno}; }
  if (path != nullptr) {
    *path = std::move(name);
  } else {
    unlink(name.c_str());
  }
  return fd;
}

bool make_directory(const std::string& path, const Owner* owner) {
  std::string full = path;
  while (full.size() > 1 && full.ends_with('/')) { full.pop_back(); }
  for (size_t at = full.find('/', 1); at != std::string::npos; at = full.find('/', at + 1)) {
    mkdir(full.substr(0, at).c_str(), 0755);  // the last one tells when this did not work
  }
  if (mkdir(full.c_str(), 0700) != 0 && errno != EEXIST) {
    log::emerg(errno, "mkdir() \"%s\" failed", path.c_str());
    return false;
  }
  struct stat about {};
  if (owner == nullptr || stat(full.c_str(), &about) != 0 || about.st_uid == owner->user) { return true; }
  if (chown(full.c_str(), owner->user, static_cast<gid_t>(-1)) != 0) {
    log::emerg(errno, "chown(\"%s\", %d) failed", path.c_str(), static_cast<int>(owner->user));
    return false;
  }
  if ((about.st_mode & S_IRWXU) != S_IRWXU) { chmod(full.c_str(), about.st_mode | S_IRWXU); }
  return true;
}

DirectoryPlan& directory_plan(conf::Config& config) { return *config.shared<DirectoryPlan>("directories"); }

// -- the pid file -------------------------------------------------------------------------------------

bool write_pid_file(const std::string& path, pid_t pid) {
  std::string text = format("%d\n", pid);
  if (!is_special(path) && write_by_renaming(path, text)) { return true; }
  // The folder may be closed to us and the file not.
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) {
    log::emerg(errno, "open() \"%s\" failed", path.c_str());
    return false;
  }
  bool done = write_whole(fd, text);
  if (done && !is_special(path)) { done = ftruncate(fd, static_cast<off_t>(text.size())) == 0; }
  if (!done) { log::emerg(errno, "write() to \"%s\" failed", path.c_str()); }
  close(fd);
  return done;
}

bool test_pid_file(const std::string& path) {
  std::string folder = path.substr(0, path.rfind('/') + 1);
  if (access(path.c_str(), W_OK) == 0 || access(folder.c_str(), W_OK) == 0) { return true; }
  log::emerg(errno, "open() \"%s\" failed", path.c_str());
  return false;
}

void open_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) < 0) { open("/dev/null", O_RDWR); }
  }
}

}  // namespace sluice::os
