#include "base/log.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>
#include <cstring>

#include "base/clock.h"
#include "base/text.h"

namespace sluice::log {

namespace {

constexpr std::string_view kNames[] = {"stderr", "emerg",  "alert", "crit", "error",
                                       "warn",   "notice", "info",  "debug"};
constexpr size_t kLongestLine = 4096;  // longer lines are cut: a client chooses part of the text

Log current;
bool configured = false;
std::optional<Level> echo;
std::string* collected = nullptr;
Level collected_most = Level::emerg;

// 0, or why not all of it could be written.
int put(int fd, std::string_view line) {
  while (!line.empty()) {
    ssize_t n = ::write(fd, line.data(), line.size());
    if (n < 0 && errno == EINTR) { continue; }
    if (n <= 0) { return n < 0 ? errno : ENOSPC; }
    line.remove_prefix(static_cast<size_t>(n));
  }
  return 0;
}

std::string begin_line(Level level) {
  std::string line(clock::error_log());
  append_format(line, " [%s] %d#%ld: ", kNames[static_cast<size_t>(level)].data(), getpid(),
                syscall(SYS_gettid));
  return line;
}

// A full disk loses lines and nothing else. Once there is room, the log says that it has a gap.
void put(File& file, std::string_view line) {
  if (file.lost > 0) {
    std::string gap = "\n" + begin_line(Level::alert);  // the line before may have been cut
    append_format(gap, "%llu lines of this log could not be written (%d: %s)\n",
                  static_cast<unsigned long long>(file.lost), file.lost_sys, strerror(file.lost_sys));
    if (put(file.fd, gap) == 0) { file.lost = 0; }
  }
  int failed = file.lost > 0 ? file.lost_sys : put(file.fd, line);
  if (failed == 0) { return; }
  ++file.lost;
  file.lost_sys = failed;
}

// Control characters chosen by a client must not forge lines or steer a terminal.
void neutralise(std::string& line, size_t from) {
  for (size_t i = from; i < line.size(); ++i) {
    auto c = static_cast<unsigned char>(line[i]);
    if (c < 0x20 || c == 0x7f) { line[i] = ' '; }
  }
}

void write_list(const Log& log, Level level, const Subject* subject, int sys, const char* format,
                va_list arguments) {
  int saved = errno;
  std::string line = begin_line(level);
  size_t text_from = line.size();
  if (subject != nullptr && subject->connection_number() != 0) {
    append_format(line, "*%llu ", static_cast<unsigned long long>(subject->connection_number()));
  }
  char text[2048];
  vsnprintf(text, sizeof text, format, arguments);
  line += text;
  if (sys != 0) { append_format(line, " (%d: %s)", sys, strerror(sys)); }
  if (subject != nullptr) { subject->describe(line); }
  if (line.size() > kLongestLine) { line.resize(kLongestLine); }
  neutralise(line, text_from);
  line += '\n';
  bool stderr_done = false;
  for (const Output& output : log.outputs()) {
    if (level > output.level) { continue; }
    if (output.sink) {
      output.sink->write(level, line);
      continue;
    }
    if (output.file->fd < 0) { continue; }
    put(*output.file, line);
    stderr_done = stderr_done || output.file->fd == STDERR_FILENO;
  }
  if (echo && level <= *echo && !stderr_done) {
    // A person at the terminal wants the message, not our time stamp: nginx's shape.
    std::string shown = "sluice: [" + std::string(name(level)) + "] " + line.substr(text_from);
    put(STDERR_FILENO, shown);
  }
  if (collected != nullptr && level <= collected_most) {
    *collected += "[" + std::string(name(level)) + "] " + line.substr(text_from);
  }
  errno = saved;
}

}  // namespace

std::string_view name(Level level) { return kNames[static_cast<size_t>(level)]; }

std::optional<Level> parse_level(std::string_view text) {
  for (size_t i = 1; i < std::size(kNames); ++i) {
    if (kNames[i] == text) { return static_cast<Level>(i); }
  }
  return std::nullopt;
}

void Log::add(Output output) {
  if (output.level > most_) { most_ = output.level; }
  debug_wanted = debug_wanted || most_ == Level::debug;
  outputs_.push_back(std::move(output));
}

Log Log::debugging() const {
  Log all = *this;
  all.most_ = Level::debug;
  for (Output& output : all.outputs_) { output.level = Level::debug; }
  return all;
}

Log& main_log() {
  if (!configured) {
    configured = true;
    current.add({std::make_shared<File>(File{"", STDERR_FILENO}), Level::notice, nullptr});
  }
  return current;
}

void set_main_log(Log log) {
  configured = true;
  current = std::move(log);
}

void echo_to_stderr(std::optional<Level> most) { echo = most; }

void collect(std::string* to, Level most) {
  collected = to;
  collected_most = most;
}

std::string reason(const Error& error) {
  std::string text = error.text != nullptr ? error.text : name(error.what);
  if (error.sys != 0) { append_format(text, " (%d: %s)", error.sys, strerror(error.sys)); }
  return text;
}

void write(const Log& log, Level level, const Subject* subject, int sys, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  write_list(log, level, subject, sys, format, arguments);
  va_end(arguments);
}

#define SLUICE_DEFINE_LEVEL(level_)                                         \
  void level_(int sys, const char* format, ...) {                           \
    bool told = (echo && Level::level_ <= *echo) || collected != nullptr;   \
    if (!main_log().on(Level::level_) && !told) { return; }                 \
    va_list arguments;                                                      \
    va_start(arguments, format);                                            \
    write_list(main_log(), Level::level_, nullptr, sys, format, arguments); \
    va_end(arguments);                                                      \
  }
SLUICE_DEFINE_LEVEL(emerg)
SLUICE_DEFINE_LEVEL(alert)
SLUICE_DEFINE_LEVEL(crit)
SLUICE_DEFINE_LEVEL(error)
SLUICE_DEFINE_LEVEL(warn)
SLUICE_DEFINE_LEVEL(notice)
SLUICE_DEFINE_LEVEL(info)
SLUICE_DEFINE_LEVEL(debug)
#undef SLUICE_DEFINE_LEVEL

}  // namespace sluice::log
