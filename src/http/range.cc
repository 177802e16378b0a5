#include "http/range.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::http {

namespace {

// A part's head with its boundary is about this long. Up to kFewParts nobody minds; beyond, heads count.
constexpr uint64_t kPartCost = 128;
constexpr size_t kFewParts = 16;

struct Position {
  bool present = false;
  uint64_t value = 0;
};

// 1*DIGIT or nothing. What does not fit is as good as the largest number: no representation is that long.
bool parse_position(string_view text, Position& out) {
  for (char c : text) {
    if (!is_digit(c)) { return false; }
    uint64_t digit = static_cast<uint64_t>(c - '0');
    out.value = out.value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : out.value * 10 + digit;
  }
  out.present = !text.empty();
  return true;
}

enum class Spec : uint8_t { invalid, outside, inside };

// One range-spec: first-[last] or -suffix. Blanks around the hyphen do no harm.
Spec resolve(string_view spec, uint64_t size, ByteRange& out) {
  Split parts = split(spec, '-');
  Position first, last;
  if (!parts.found || !parse_position(trim(parts.head), first) || !parse_position(trim(parts.tail), last)) {
    return Spec::invalid;
  }
  if (!first.present) {
    if (!last.present) { return Spec::invalid; }
    out = {size - std::min(last.value, size), size - 1};
    return last.value == 0 || size == 0 ? Spec::outside : Spec::inside;
  }
  if (last.present && last.value < first.value) { return Spec::invalid; }
  out = {first.value, last.present ? std::min(last.value, size - 1) : size - 1};
  return first.value < size ? Spec::inside : Spec::outside;
}

// "bytes=" in any case (RFC 9110 14.1); empty when it is not.
string_view range_set(string_view value) {
  constexpr string_view kUnit = "bytes=";
  return istarts_with(value, kUnit) ? value.substr(kUnit.size()) : string_view();
}

// Whether sending the parts costs no more than sending everything.
bool worthwhile(const ByteRange* items, size_t count, uint64_t size) {
  uint64_t left = size;
  for (size_t i = 0; i < count; ++i) {
    uint64_t cost = items[i].size() + (count > kFewParts ? kPartCost : 0);
    if (cost > left) { return false; }
    left -= cost;
  }
  return true;
}

char* put(char* at, string_view text) { return std::copy(text.begin(), text.end(), at); }

char* put_range(char* at, ByteRange range, uint64_t size) {
  at = write_decimal(put(at, "bytes "), range.first);
  at = write_decimal(put(at, "-"), range.last);
  return write_decimal(put(at, "/"), size);
}
constexpr size_t kContentRangeRoom = 70;

}  // namespace

Ranges parse_range(Arena& arena, string_view value, uint64_t size, uint64_t max_ranges) {
  string_view set = range_set(value);
  if (set.empty() || max_ranges == 0) { return {}; }
  size_t room = static_cast<size_t>(std::count(set.begin(), set.end(), ',')) + 1;
  auto* items = arena.array<ByteRange>(room);
  size_t count = 0;
  bool any = false;
  bool valid = true;
  each_member(set, [&](string_view member) {
    ByteRange range;
    Spec spec = resolve(member, size, range);
    valid &= spec != Spec::invalid;
    any = true;
    if (spec == Spec::inside) { items[count++] = range; }
  });
  if (!valid || !any) { return {RangeOutcome::unsatisfiable, nullptr, 0}; }
  // Of nothing everybody gets all there is.
  if (count > max_ranges || size == 0) { return {}; }
  if (count == 0) { return {RangeOutcome::unsatisfiable, nullptr, 0}; }
  if (!worthwhile(items, count, size)) { return {}; }
  return {RangeOutcome::partial, items, count};
}

string_view content_range(Arena& arena, ByteRange range, uint64_t size) {
  char* begin = arena.characters(kContentRangeRoom);
  return {begin, static_cast<size_t>(put_range(begin, range, size) - begin)};
}

string_view content_range_unsatisfied(Arena& arena, uint64_t size) {
  char* begin = arena.characters(kContentRangeRoom);
  return {begin, static_cast<size_t>(write_decimal(put(begin, "bytes */"), size) - begin)};
}

string_view part_head(Arena& arena, string_view boundary, string_view content_type, ByteRange range,
                      uint64_t size) {
  char* begin = arena.characters(boundary.size() + content_type.size() + kContentRangeRoom + 48);
  char* at = put(put(put(begin, "\r\n--"), boundary), "\r\n");
  if (!content_type.empty()) { at = put(put(put(at, "Content-Type: "), content_type), "\r\n"); }
  at = put_range(put(at, "Content-Range: "), range, size);
  at = put(at, "\r\n\r\n");
  return {begin, static_cast<size_t>(at - begin)};
}

string_view part_end(Arena& arena, string_view boundary) { return arena.join("\r\n--", boundary, "--\r\n"); }

}  // namespace sluice::http
