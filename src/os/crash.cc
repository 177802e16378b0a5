#include "os/crash.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <string_view>

#include "base/log.h"
#include "base/text.h"
#include "config.h"

#if defined(__SANITIZE_ADDRESS__)
#define SLUICE_REPORTS_CRASHES 0
#else
#define SLUICE_REPORTS_CRASHES 1
#endif

namespace sluice::os {

namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
constexpr size_t kStack = 64 << 10;
constexpr size_t kMostText = 512;  // of a request line

unsigned generation_number = 0;
long zone_offset = 0;  // seconds east of Greenwich
alignas(16) char stack[kStack];

// Only what a signal handler may do: no allocation, no locks, nothing of the C library that has any.
class Line {
 public:
  void text(std::string_view t) {
    size_t room = sizeof text_ - size_ - 1;
    if (t.size() > room) { t = t.substr(0, room); }
    memcpy(text_ + size_, t.data(), t.size());
    size_ += t.size();
  }
  void number(uint64_t value, size_t digits = 0) {
    char out[20];
    auto size = static_cast<size_t>(write_decimal(out, value) - out);
    for (size_t i = size; i < digits; ++i) { text("0"); }
    text({out, size});
  }
  // A client chose it: no control character gets into the log.
  void foreign(std::string_view t) {
    size_t from = size_;
    text(t.substr(0, kMostText));
    for (size_t i = from; i < size_; ++i) {
      auto c = static_cast<unsigned char>(text_[i]);
      if (c < 0x20 || c == 0x7f) { text_[i] = ' '; }
    }
  }
  void write_to(int fd) {
    text_[size_] = '\n';
    [[maybe_unused]] ssize_t ignored = ::write(fd, text_, size_ + 1);
  }

 private:
  char text_[1024];
  size_t size_ = 0;
};

// Days since 1970 to a date, for any year of the Gregorian calendar.
void put_date(Line& line, int64_t days) {
  days += 719468;  // since 0000-03-01
  int64_t era = days / 146097;
  int64_t day_of_era = days - era * 146097;
  int64_t year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
  int64_t month = (5 * day_of_year + 2) / 153;
  int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
  month = month < 10 ? month + 3 : month - 9;
  line.number(static_cast<uint64_t>(year + era * 400 + (month <= 2 ? 1 : 0)), 4);
  line.text("/");
  line.number(static_cast<uint64_t>(month), 2);
  line.text("/");
  line.number(static_cast<uint64_t>(day), 2);
}

void put_time(Line& line) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  int64_t seconds = now.tv_sec + zone_offset;
  put_date(line, seconds / 86400);
  auto of_day = static_cast<uint64_t>(seconds % 86400);
  line.text(" ");
  line.number(of_day / 3600, 2);
  line.text(":");
  line.number(of_day / 60 % 60, 2);
  line.text(":");
  line.number(of_day % 60, 2);
}

void crashed(int signal) {
  Line line;
  put_time(line);
  auto pid = static_cast<uint64_t>(getpid());
  line.text(" [alert] ");
  line.number(pid);
  line.text("#");
  line.number(static_cast<uint64_t>(syscall(SYS_gettid)));
  line.text(": ");
  const log::Subject* subject = log::running;
  if (subject != nullptr && subject->connection_number() != 0) {
    line.text("*");
    line.number(subject->connection_number());
    line.text(" ");
  }
  line.text("crashed on signal ");
  line.number(static_cast<uint64_t>(signal));
  line.text(", generation ");
  line.number(generation_number);
  line.text(" of sluice/" SLUICE_VERSION);
  if (subject != nullptr) {
    line.text(", while serving \"");
    line.foreign(subject->doing());
    line.text("\"");
  }
  for (const log::Output& output : log::main_log().outputs()) {
    if (output.file && output.file->fd >= 0) { line.write_to(output.file->fd); }
  }
  raise(signal);  // as if nobody had caught it: SA_RESETHAND
}

}  // namespace

void report_crashes(unsigned generation) {
  if (SLUICE_REPORTS_CRASHES == 0) { return; }
  generation_number = generation;
  time_t now = time(nullptr);
  tm local{};
  localtime_r(&now, &local);
  zone_offset = local.tm_gmtoff;
  stack_t own{};
  own.ss_sp = stack;
  own.ss_size = sizeof stack;
  sigaltstack(&own, nullptr);
  struct sigaction action {};
  action.sa_handler = crashed;
  action.sa_flags = SA_ONSTACK | SA_RESETHAND | SA_NODEFER;
  for (int signal : kSignals) { sigaction(signal, &action, nullptr); }
}

}  // namespace sluice::os
