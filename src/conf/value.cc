#include "conf/value.h"

#include "base/text.h"

namespace sluice::conf {

namespace {

constexpr uint64_t kMost = INT64_MAX;

bool multiply(uint64_t& value, uint64_t by) {
  return !__builtin_mul_overflow(value, by, &value) && value <= kMost;
}

// Units of time, longest first: a composite must name them in this order.
enum Unit { kNone, kYear, kMonth, kWeek, kDay, kHour, kMinute, kSecond, kMillisecond };
constexpr uint64_t kMillisecondsIn[] = {
    0, 365 * 86400000ull, 30 * 86400000ull, 7 * 86400000ull, 86400000, 3600000, 60000, 1000, 1};

// The unit at the start of `text`, which is taken off; a bare number means seconds.
Unit take_unit(std::string_view& text) {
  if (text.starts_with("ms")) {
    text.remove_prefix(2);
    return kMillisecond;
  }
  if (text.empty() || text[0] == ' ') { return kSecond; }
  static constexpr std::string_view kLetters = "yMwdhms";
  size_t at = kLetters.find(text[0]);
  if (at == std::string_view::npos) { return kNone; }
  text.remove_prefix(1);
  return static_cast<Unit>(kYear + at);
}

std::optional<uint64_t> parse_time(std::string_view text, bool in_seconds) {
  uint64_t total = 0;
  Unit last = kNone;
  do {
    size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) { ++digits; }
    auto value = parse_decimal(text.substr(0, digits));
    text.remove_prefix(digits);
    Unit unit = take_unit(text);
    if (!value || unit <= last || (in_seconds && unit == kMillisecond)) { return std::nullopt; }
    last = unit;
    if (!multiply(*value, kMillisecondsIn[unit]) || total + *value > kMost) { return std::nullopt; }
    total += *value;
    while (!text.empty() && text[0] == ' ') { text.remove_prefix(1); }
  } while (!text.empty());
  return in_seconds ? total / 1000 : total;
}

}  // namespace

std::optional<Size> parse_size(std::string_view text) {
  uint64_t unit = 1;
  if (!text.empty()) {
    switch (lower(text.back())) {
      case 'k':
        unit = 1u << 10;
        break;
      case 'm':
        unit = 1u << 20;
        break;
      case 'g':
        unit = 1u << 30;
        break;
      default:
        break;
    }
  }
  if (unit != 1) { text.remove_suffix(1); }
  auto value = parse_number(text);
  if (!value || !multiply(*value, unit)) { return std::nullopt; }
  return Size{*value};
}

std::optional<Milliseconds> parse_milliseconds(std::string_view text) {
  auto value = parse_time(text, false);
  return value ? std::optional(Milliseconds{*value}) : std::nullopt;
}

std::optional<Seconds> parse_seconds(std::string_view text) {
  auto value = parse_time(text, true);
  return value ? std::optional(Seconds{*value}) : std::nullopt;
}

std::optional<bool> parse_flag(std::string_view text) {
  if (iequals(text, "on")) { return true; }
  if (iequals(text, "off")) { return false; }
  return std::nullopt;
}

std::optional<uint64_t> parse_number(std::string_view text) {
  auto value = parse_decimal(text);
  return value && *value <= kMost ? value : std::nullopt;
}

std::optional<int64_t> parse_signed(std::string_view text) {
  bool negative = text.starts_with('-');
  auto value = parse_number(negative ? text.substr(1) : text);
  if (!value) { return std::nullopt; }
  auto magnitude = static_cast<int64_t>(*value);
  return negative ? -magnitude : magnitude;
}

}  // namespace sluice::conf
