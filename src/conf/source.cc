#include "conf/source.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace sluice::conf {

namespace {

// A pipe or a device has no size to check beforehand.
constexpr size_t kMostFromStream = 64u << 20;

std::string failure(const char* call, const std::string& path, int sys) {
  return format("%s() \"%s\" failed (%d: %s)", call, path.c_str(), sys, strerror(sys));
}

bool read_all(int fd, size_t expected, size_t most, std::string& text) {
  text.resize(expected + 1);
  size_t filled = 0;
  for (;;) {
    ssize_t n = read(fd, text.data() + filled, text.size() - filled);
    if (n < 0 && errno == EINTR) { continue; }
    if (n < 0) { return false; }
    if (n == 0) {
      text.resize(filled);
      return true;
    }
    filled += static_cast<size_t>(n);
    if (filled > most) {
      errno = EFBIG;
      return false;
    }
    if (filled == text.size()) { text.resize(filled * 2 + 4096); }
  }
}

bool read_text(int fd, std::string& text) {
  struct stat about {};
  bool regular = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
  size_t expected = regular ? static_cast<size_t>(about.st_size) : 4096;
  bool done = read_all(fd, expected, regular ? SIZE_MAX : kMostFromStream, text);
  if (text.starts_with("\xEF\xBB\xBF")) { text.erase(0, 3); }
  return done;
}

}  // namespace

bool read_source(const std::string& path, std::string& text, std::string& error) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    error = failure("open", path, errno);
    return false;
  }
  bool done = read_text(fd, text);
  if (!done) { error = failure("read", path, errno); }
  close(fd);
  return done;
}

bool read_standard_input(std::string& text, std::string& error) {
  bool done = read_text(STDIN_FILENO, text);
  if (!done) { error = failure("read", "standard input", errno); }
  return done;
}

bool included_paths(const std::string& base, const std::string& written, std::vector<std::string>& paths,
                    std::string& error) {
  std::string full = written.starts_with('/') ? written : base + written;
  if (written.find_first_of("*?[") == std::string::npos) {
    paths.push_back(std::move(full));
    return true;
  }
  glob_t found{};
  int result = glob(full.c_str(), 0, nullptr, &found);
  if (result == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  } else if (result != GLOB_NOMATCH) {
    error = "glob() \"" + full + "\" failed";
  }
  globfree(&found);
  return error.empty();
}

bool moved_paths(const std::string& base, const std::string& written, std::vector<std::string>& paths,
                 std::string& error) {
  if (!included_paths(base, written, paths, error)) { return false; }
  bool found = !paths.empty() && access(paths[0].c_str(), F_OK) == 0;
  if (found || !written.starts_with('/')) { return true; }
  for (std::string_view home :
       {"/etc/nginx/", "/usr/local/nginx/conf/", "/usr/local/etc/nginx/", "/opt/homebrew/etc/nginx/"}) {
    if (!written.starts_with(home)) { continue; }
    std::vector<std::string> moved;
    if (!included_paths(base, written.substr(home.size()), moved, error)) { return false; }
    if (!moved.empty() && access(moved[0].c_str(), F_OK) == 0) { paths = std::move(moved); }
  }
  return true;
}

}  // namespace sluice::conf
