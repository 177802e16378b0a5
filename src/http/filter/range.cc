// Answers Range by cutting the pieces out of the body: no byte is copied, files are sent from where a piece
// begins.
#include "http/range.h"

#include <algorithm>

#include "base/clock.h"
#include "base/hash.h"
#include "http/conditional.h"
#include "http/filter.h"
#include "http/request.h"

namespace sluice::http {

namespace {

// Appends bytes [first, first + size) of `from` to `to`; the slices share their memory.
void cut(const Chain& from, uint64_t first, uint64_t size, Chain& to) {
  for (size_t i = 0; i < from.slices() && size > 0; ++i) {
    const Slice& slice = from.at(i);
    if (first >= slice.size) {
      first -= slice.size;
      continue;
    }
    Slice piece = slice;
    if (!piece.in_file()) { piece.data += first; }
    piece.offset += static_cast<off_t>(first);
    piece.size = std::min(slice.size - first, size);
    size -= piece.size;
    first = 0;
    to.append(std::move(piece));
  }
}

// A number of 20 digits that the body cannot know.
string_view make_boundary(Arena& arena) {
  static uint64_t made = 0;
  uint64_t seed[2] = {clock::precise_microseconds(), ++made};
  uint64_t number = keyed_hash({reinterpret_cast<const char*>(seed), sizeof seed});
  char* begin = arena.characters(20);
  for (char* at = begin + 20; at != begin; number /= 10) { *--at = static_cast<char>('0' + number % 10); }
  return {begin, 20};
}

void answer_one(Request& request, ByteRange range) {
  Response& response = request.response;
  auto size = static_cast<uint64_t>(response.length);
  Chain piece;
  cut(response.body, range.first, range.size(), piece);
  response.body = std::move(piece);
  response.length = static_cast<int64_t>(range.size());
  response.fields.set(FieldId::content_range, content_range(request.arena(), range, size));
}

void answer_parts(Request& request, const Ranges& ranges) {
  Response& response = request.response;
  Arena& arena = request.arena();
  auto size = static_cast<uint64_t>(response.length);
  string_view boundary = make_boundary(arena);
  Chain parts;
  for (const ByteRange& range : ranges) {
    parts.append(part_head(arena, boundary, response.content_type, range, size));
    cut(response.body, range.first, range.size(), parts);
  }
  parts.append(part_end(arena, boundary));
  response.body = std::move(parts);
  response.length = static_cast<int64_t>(response.body.size());
  response.content_type = arena.join("multipart/byteranges; boundary=", boundary);
}

class RangeFilter final : public Filter {
 public:
  void head(Request& request) const override {
    Response& response = request.response;
    bool whole = response.status == 200 && response.ranges_allowed && response.length >= 0 &&
                 response.source == nullptr && response.filters == nullptr;
    if (!whole) { return; }
    Ranges ranges;
    Validators validators{response.fields.value(FieldId::etag), response.last_modified};
    if (range_applies(request.head.method, request.head.fields, validators)) {
      ranges = parse_range(request.arena(), request.head.fields.value(FieldId::range),
                           static_cast<uint64_t>(response.length), request.core().max_ranges);
    }
    answer(request, ranges);
  }

 private:
  void answer(Request& request, const Ranges& ranges) const {
    if (ranges.outcome == RangeOutcome::whole) {
      request.response.fields.set(FieldId::accept_ranges, "bytes");
    } else if (ranges.outcome == RangeOutcome::unsatisfiable) {
      answer_unsatisfiable(request);
    } else {
      request.response.status = 206;
      ranges.count == 1 ? answer_one(request, *ranges.begin()) : answer_parts(request, ranges);
    }
  }

  // A page of our own instead of the answer so far: the filters before this one see it as any other answer.
  void answer_unsatisfiable(Request& request) const {
    auto size = static_cast<uint64_t>(request.response.length);
    request.no_error_page = true;
    request.refuse(416);
    request.response.fields.add(FieldId::content_range, content_range_unsatisfied(request.arena(), size));
    for (const Filter* filter : request.location->filters) {
      if (filter == this) { return; }
      filter->head(request);
    }
  }
};

const RangeFilter range_filter;

const Filter* make_range(Arena&, const conf::Settings& settings) {
  return settings.get<CoreSettings>().max_ranges == 0 ? nullptr : &range_filter;
}

const FilterRow row = {"range", stage::kRange, make_range};
const FilterRegistration registered(row);

}  // namespace

}  // namespace sluice::http
