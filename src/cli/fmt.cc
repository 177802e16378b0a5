// sluice fmt: files in the one form.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cli/command.h"
#include "cli/line_difference.h"
#include "conf/format.h"
#include "conf/source.h"

namespace sluice::cli {

namespace {

struct FmtOptions {
  bool write = false;
  bool check = false;
  bool diff = false;
};

constexpr const char* kUsage = "fmt [-w | --check] [--diff] [file ... | -]";
constexpr const char* kAbout =
    "Prints configuration files in one form: indented by four, a directive to a line, comments where they\n"
    "are. The meaning never changes. Without files, or for -, standard input is read. A file with broken\n"
    "syntax is left as it is; directives need not be known, and includes are not followed.\n"
    "\n"
    "Exit code: 0, 1 when --check found a file in another form, 2 when a file could not be read, understood\n"
    "or written.";

int fail(const char* call, const std::string& path) {
  fprintf(stderr, "sluice: %s \"%s\" failed (%d: %s)\n", call, path.c_str(), errno, strerror(errno));
  return kUsageError;
}

bool write_all(int fd, const std::string& text) {
  size_t written = 0;
  while (written < text.size()) {
    ssize_t n = write(fd, text.data() + written, text.size() - written);
    if (n < 0 && errno == EINTR) { continue; }
    if (n < 0) { return false; }
    written += static_cast<size_t>(n);
  }
  return true;
}

// The mode last: a change of owner takes set-user-id bits away.
bool dress(int fd, const struct stat& as) {
  struct stat now {};
  if (fstat(fd, &now) != 0) { return false; }
  bool same = now.st_uid == as.st_uid && now.st_gid == as.st_gid;
  return (same || fchown(fd, as.st_uid, as.st_gid) == 0) && fchmod(fd, as.st_mode & 07777) == 0;
}

// A new file takes the old one's name once it is complete, with its owner and mode. A symbolic link stays
// one: what it points to is replaced.
int replace_file(const std::string& path, const std::string& text) {
  char real[PATH_MAX];
  struct stat before {};
  if (realpath(path.c_str(), real) == nullptr || stat(real, &before) != 0) { return fail("stat()", path); }
  std::string target = real;
  std::string fresh = target.substr(0, target.rfind('/') + 1) + ".sluice-fmt-XXXXXX";
  int fd = mkstemp(fresh.data());
  if (fd < 0) { return fail("open()", fresh); }
  bool good = write_all(fd, text) && dress(fd, before) && fsync(fd) == 0;
  good = good && rename(fresh.c_str(), target.c_str()) == 0;
  int code = good ? 0 : fail("replacing", path);
  if (!good) { unlink(fresh.c_str()); }
  close(fd);
  return code;
}

int format_one(const std::string& path, const FmtOptions& options) {
  bool input = path == "-";
  std::string name = input ? "standard input" : path;
  std::string text;
  std::string error;
  bool read = input ? conf::read_standard_input(text, error) : conf::read_source(path, text, error);
  if (!read) {
    fprintf(stderr, "sluice: %s\n", error.c_str());
    return kUsageError;
  }
  conf::Formatted formatted = conf::format_text(name, text);
  if (formatted.diagnostics.failed()) {
    fputs(formatted.diagnostics.render().c_str(), stderr);
    return kUsageError;
  }
  bool same = formatted.text == text;
  if (options.diff) { print(line_difference(text, formatted.text, name, name + " (formatted)")); }
  if (options.check) {
    if (!same && !options.diff) { printf("%s\n", name.c_str()); }
    return same ? 0 : 1;
  }
  if (options.write && !input) { return same ? 0 : replace_file(path, formatted.text); }
  if (!options.diff) { print(formatted.text); }
  return 0;
}

int run(const std::vector<std::string>& arguments, const char*) {
  FmtOptions options;
  std::vector<std::string> files;
  int code = 0;
  std::vector<Option> rows = {
      {"-w", "", "write the files instead of printing them", &options.write},
      {"--check", "", "only name the files that are in another form", &options.check},
      {"--diff", "", "print what would change", &options.diff},
  };
  if (!read_arguments(arguments, kUsage, kAbout, rows, files, code)) { return code; }
  if (options.write && options.check) { return say_usage("-w and --check exclude each other"); }
  if (options.write && files.empty()) { return say_usage("-w needs the names of files"); }
  if (files.empty()) { files.emplace_back("-"); }
  for (const std::string& file : files) { code = std::max(code, format_one(file, options)); }
  return code;
}

const CommandRow row{"fmt", "print configuration files in one form", run};
const CommandRegistration registered(row);

}  // namespace

}  // namespace sluice::cli
