// Time as of the current loop turn. Reading it costs nothing but the first time in a turn.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::clock {

namespace detail {
struct Cache {
  uint64_t monotonic = 0;
  uint64_t wall = 0;
  uint64_t offset = 0;   // from monotonic to wall
  uint64_t look_at = 0;  // monotonic, when the system is asked for the wall clock again
  bool stale = true;
};
inline constinit Cache cache;
}  // namespace detail

void refresh();

// Monotonic milliseconds since an arbitrary start; for deadlines and durations.
inline uint64_t now() {
  if (detail::cache.stale) { refresh(); }
  return detail::cache.monotonic;
}
// Monotonic microseconds, read from the system now: for measurements finer than a loop turn.
uint64_t precise_microseconds();
// Milliseconds since 1970. A step of the system's clock is seen within a tenth of a second.
inline uint64_t wall() {
  if (detail::cache.stale) { refresh(); }
  return detail::cache.wall;
}
// The next reader reads the clock again: called before the loop waits.
inline void expire() { detail::cache.stale = true; }

// Cached renderings of wall(), made when first asked for in a second.
std::string_view http_date();   // Sun, 06 Nov 1994 08:49:37 GMT
std::string_view error_log();   // 1994/11/06 08:49:37, local time
std::string_view common_log();  // 06/Nov/1994:08:49:37 +0000
std::string_view iso8601();     // 1994-11-06T08:49:37+00:00

inline constexpr size_t kHttpDateSize = 29;
// Writes exactly kHttpDateSize characters. `seconds` since 1970.
void write_http_date(char* out, int64_t seconds);
// RFC 9110 5.6.7: IMF-fixdate, rfc850 and asctime forms. Nothing else is a date.
std::optional<int64_t> parse_http_date(std::string_view text);

}  // namespace sluice::clock
