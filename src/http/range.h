// Range requests (RFC 9110 14): from the Range field to the pieces of a representation that go out. Whether
// the field counts at all (method, If-Range) is decided in conditional.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"

namespace sluice::http {

using std::string_view;

struct ByteRange {
  uint64_t first = 0;
  uint64_t last = 0;  // inclusive, below the size
  uint64_t size() const { return last - first + 1; }
};

enum class RangeOutcome : uint8_t {
  whole,          // no usable Range: answer as if there were none
  partial,        // 206 with `ranges`, in the order asked for
  unsatisfiable,  // 416
};

struct Ranges {
  RangeOutcome outcome = RangeOutcome::whole;
  const ByteRange* items = nullptr;  // in the arena
  size_t count = 0;

  const ByteRange* begin() const { return items; }
  const ByteRange* end() const { return items + count; }
};

inline constexpr uint64_t kAnyRanges = UINT64_MAX;

// `size` is that of the representation. Another unit, and more than `max_ranges` ranges that could be had,
// are ignored; a set that breaks the grammar is rejected like one that cannot be had, as RFC 9110 14.2 allows
// and nginx does. Ignored are also ranges that together come to more than the representation, or that are
// many and so small that their part heads would: nobody gets more bytes by asking for fewer.
Ranges parse_range(Arena& arena, string_view value, uint64_t size, uint64_t max_ranges = kAnyRanges);

// Values of Content-Range: "bytes 0-9/100", and "bytes */100" for a 416.
string_view content_range(Arena& arena, ByteRange range, uint64_t size);
string_view content_range_unsatisfied(Arena& arena, uint64_t size);

// multipart/byteranges (RFC 9110 14.6): what stands before each part and behind the last one.
string_view part_head(Arena& arena, string_view boundary, string_view content_type, ByteRange range,
                      uint64_t size);
string_view part_end(Arena& arena, string_view boundary);

}  // namespace sluice::http
