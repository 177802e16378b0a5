// The error log. A Log is a list of outputs with levels (one `error_log` setting); lines have nginx's shape:
//   YYYY/MM/DD hh:mm:ss [level] pid#tid: *connection text (errno: reason), client: …, server: …
// Writing never blocks on anything but the file, never allocates unboundedly, and never fails the caller.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::log {

enum class Level : uint8_t { stderr_only = 0, emerg, alert, crit, error, warn, notice, info, debug };
std::string_view name(Level level);
std::optional<Level> parse_level(std::string_view name);

// An open file shared by all who log to the same path; reopened in place (USR1), so holders never notice.
struct File {
  std::string path;  // empty: standard error
  int fd = -1;
  uint64_t lost = 0;  // lines that could not be written since one could
  int lost_sys = 0;   // why the last of them could not
};

// Where lines go that go to no file: a syslog server.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(Level level, std::string_view line) = 0;
};

struct Output {
  std::shared_ptr<File> file;
  Level level = Level::error;
  std::shared_ptr<Sink> sink = nullptr;  // instead of a file
};

// Who the line is about: the connection's number and the ", client: …" tail.
class Subject {
 public:
  virtual uint64_t connection_number() const = 0;
  virtual void describe(std::string& line) const = 0;
  // In a few words and without any work: for a crash.
  virtual std::string_view doing() const = 0;

 protected:
  ~Subject() = default;
};

// Whose work is being done right now, for the line that a crash leaves.
inline const Subject* running = nullptr;

class Log {
 public:
  void add(Output output);
  bool on(Level level) const { return level <= most_; }
  // The same outputs with everything let through: for debug_connection.
  Log debugging() const;
  const std::vector<Output>& outputs() const { return outputs_; }
  bool empty() const { return outputs_.empty(); }

 private:
  std::vector<Output> outputs_;
  Level most_ = Level::stderr_only;
};

// The process-wide log: what `error_log` says at main level; standard error until then.
Log& main_log();
void set_main_log(Log log);
// Also copy lines of at most this level to standard error: during start-up and -t.
void echo_to_stderr(std::optional<Level> most);

// Also appends lines of at most this level, without time and process, to `to`: for whoever is to be told why
// something failed. Null ends it.
void collect(std::string* to, Level most);

// "connect() failed (111: Connection refused)", for lines in which more follows than the error.
std::string reason(const Error& error);

void write(const Log& log, Level level, const Subject* subject, int sys, const char* format, ...)
    __attribute__((format(printf, 5, 6)));

// Whether any log or connection of this process wants lines at debug level: the one thing that is looked at
// while nobody does.
inline bool debug_wanted = false;

#define SLUICE_LOG(log_, level_, subject_, sys_, ...)                              \
  do {                                                                             \
    const ::sluice::log::Log& sluice_log = (log_);                                 \
    if (sluice_log.on(level_)) [[unlikely]] {                                      \
      ::sluice::log::write(sluice_log, (level_), (subject_), (sys_), __VA_ARGS__); \
    }                                                                              \
  } while (false)

// For what concerns no request: to the main log.
void emerg(int sys, const char* format, ...) __attribute__((format(printf, 2, 3)));
void alert(int sys, const char* format, ...) __attribute__((format(printf, 2, 3)));
void crit(int sys, const char* format, ...) __attribute__((format(printf, 2, 3)));
void error(int sys, const char* format, ...) __attribute__((format(printf, 2, 3)));
void warn(int sys, const char* format, ...) __attribute__((format(printf, 2, 3)));
void notice(int sys, const char* format, ...) __attribute__((format(printf, 2, 3)));
void info(int sys, const char* format, ...) __attribute__((format(printf, 2, 3)));
void debug(int sys, const char* format, ...) __attribute__((format(printf, 2, 3)));

}  // namespace sluice::log
