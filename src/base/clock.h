// Time as of the current loop turn. Reading the clock costs nothing; refresh() is called once per turn.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::clock {

// Monotonic milliseconds since an arbitrary start; for deadlines and durations.
uint64_t now();
// Monotonic microseconds, read from the system now: for measurements finer than a loop turn.
uint64_t precise_microseconds();
// Milliseconds since 1970.
uint64_t wall();
void refresh();
// The next reader reads the clock again: called before the loop waits.
void expire();

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
