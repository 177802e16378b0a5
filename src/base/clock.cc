#include "base/clock.h"

#include <ctime>

#include "base/text.h"

namespace sluice::clock {

namespace {

constexpr uint64_t kLookEvery = 100;  // ms between looks at the wall clock

struct Rendering {
  int64_t second = -1;
  char text[40];
  size_t size = 0;
};

uint64_t read(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1000 + static_cast<uint64_t>(t.tv_nsec) / 1000000;
}

constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::string_view kLongDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                          "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

template <class Render>
std::string_view cached(Rendering& slot, Render render) {
  int64_t second = static_cast<int64_t>(wall() / 1000);
  if (slot.second != second) {
    slot.second = second;
    tm local{};
    time_t at = second;
    localtime_r(&at, &local);
    slot.size = static_cast<size_t>(render(slot.text, sizeof slot.text, local));
  }
  return {slot.text, slot.size};
}

struct Zone {
  char sign;
  int hours, minutes;
};
Zone zone_of(const tm& local) {
  long offset = local.tm_gmtoff / 60;
  char sign = offset < 0 ? '-' : '+';
  if (offset < 0) { offset = -offset; }
  return {sign, static_cast<int>(offset / 60), static_cast<int>(offset % 60)};
}

}  // namespace

uint64_t precise_microseconds() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1000000 + static_cast<uint64_t>(t.tv_nsec) / 1000;
}

// Called in every turn of the loop, and without an array that could overflow.
[[gnu::no_stack_protector]] void refresh() {
  detail::Cache& cache = detail::cache;
  cache.monotonic = read(CLOCK_MONOTONIC);
  if (cache.monotonic >= cache.look_at) {
    cache.offset = read(CLOCK_REALTIME) - cache.monotonic;
    cache.look_at = cache.monotonic + kLookEvery;
  }
  cache.wall = cache.monotonic + cache.offset;
  cache.stale = false;
}

std::string_view http_date() {
  static Rendering slot;
  int64_t second = static_cast<int64_t>(wall() / 1000);
  if (slot.second != second) {
    slot.second = second;
    write_http_date(slot.text, second);
    slot.size = kHttpDateSize;
  }
  return {slot.text, slot.size};
}

std::string_view error_log() {
  static Rendering slot;
  return cached(slot, [](char* out, size_t room, const tm& t) {
    return snprintf(out, room, "%04d/%02d/%02d %02d:%02d:%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                    t.tm_hour, t.tm_min, t.tm_sec);
  });
}

std::string_view common_log() {
  static Rendering slot;
  return cached(slot, [](char* out, size_t room, const tm& t) {
    Zone zone = zone_of(t);
    return snprintf(out, room, "%02d/%s/%d:%02d:%02d:%02d %c%02d%02d", t.tm_mday, kMonths[t.tm_mon].data(),
                    t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec, zone.sign, zone.hours, zone.minutes);
  });
}

std::string_view iso8601() {
  static Rendering slot;
  return cached(slot, [](char* out, size_t room, const tm& t) {
    Zone zone = zone_of(t);
    return snprintf(out, room, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", t.tm_year + 1900, t.tm_mon + 1,
                    t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, zone.sign, zone.hours, zone.minutes);
  });
}

void write_http_date(char* out, int64_t seconds) {
  time_t at = seconds;
  tm t{};
  gmtime_r(&at, &t);
  char text[64];
  snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[t.tm_wday].data(), t.tm_mday,
           kMonths[t.tm_mon].data(), (t.tm_year + 1900) % 10000, t.tm_hour, t.tm_min, t.tm_sec);
  memcpy(out, text, kHttpDateSize);
}

namespace {

// Reads fixed-width pieces of a date from the left; any mismatch makes the whole date invalid.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : text_(text) {}
  int number(size_t digits) {
    int value = 0;
    if (text_.size() < digits) { return fail(); }
    for (size_t i = 0; i < digits; ++i) {
      if (!is_digit(text_[i])) { return fail(); }
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(digits);
    return value;
  }
  void literal(std::string_view expected) {
    if (!text_.starts_with(expected)) {
      fail();
      return;
    }
    text_.remove_prefix(expected.size());
  }
  template <size_t N>
  int one_of(const std::string_view (&names)[N]) {
    for (size_t i = 0; i < N; ++i) {
      if (istarts_with(text_, names[i])) {
        text_.remove_prefix(names[i].size());
        return static_cast<int>(i);
      }
    }
    return fail();
  }
  // asctime pads the day with a blank.
  int padded_day() {
    if (text_.starts_with(' ')) {
      text_.remove_prefix(1);
      return number(1);
    }
    return number(2);
  }
  void time_of_day(tm& t) {
    t.tm_hour = number(2);
    literal(":");
    t.tm_min = number(2);
    literal(":");
    t.tm_sec = number(2);
  }
  bool complete() const { return !failed_ && text_.empty(); }

 private:
  int fail() {
    failed_ = true;
    text_ = {};
    return 0;
  }
  std::string_view text_;
  bool failed_ = false;
};

std::optional<int64_t> to_seconds(tm& t) {
  constexpr int kLengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year = t.tm_year + 1900;
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (t.tm_mday < 1 || t.tm_mday > kLengths[t.tm_mon] || (t.tm_mon == 1 && t.tm_mday == 29 && !leap) ||
      t.tm_hour > 23 || t.tm_min > 59 || t.tm_sec > 60) {
    return std::nullopt;
  }
  return timegm(&t);
}

// A two-digit year that appears to be more than 50 years ahead is in the past century (RFC 9110 5.6.7).
int full_year(int two_digits) {
  time_t at = static_cast<time_t>(wall() / 1000);
  tm t{};
  gmtime_r(&at, &t);
  int year = (t.tm_year + 1900) / 100 * 100 + two_digits;
  return year > t.tm_year + 1900 + 50 ? year - 100 : year;
}

}  // namespace

std::optional<int64_t> parse_http_date(std::string_view text) {
  tm t{};
  DateReader in(text);
  size_t comma = text.find(',');
  if (comma == 3) {
    in.one_of(kDays);
    in.literal(", ");
    t.tm_mday = in.number(2);
    in.literal(" ");
    t.tm_mon = in.one_of(kMonths);
    in.literal(" ");
    t.tm_year = in.number(4) - 1900;
    in.literal(" ");
    in.time_of_day(t);
    in.literal(" GMT");
  } else if (comma != std::string_view::npos) {
    in.one_of(kLongDays);
    in.literal(", ");
    t.tm_mday = in.number(2);
    in.literal("-");
    t.tm_mon = in.one_of(kMonths);
    in.literal("-");
    t.tm_year = full_year(in.number(2)) - 1900;
    in.literal(" ");
    in.time_of_day(t);
    in.literal(" GMT");
  } else {
    in.one_of(kDays);
    in.literal(" ");
    t.tm_mon = in.one_of(kMonths);
    in.literal(" ");
    t.tm_mday = in.padded_day();
    in.literal(" ");
    in.time_of_day(t);
    in.literal(" ");
    t.tm_year = in.number(4) - 1900;
  }
  if (!in.complete()) { return std::nullopt; }
  return to_seconds(t);
}

}  // namespace sluice::clock
