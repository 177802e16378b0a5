// Answers Range by cutting the pieces out of the body: no byte is copied, files are sent from where a piece
// begins, and of what an origin sends the rest is dropped.
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

// Cuts the pieces out of a body that comes bit by bit. They ascend and do not overlap.
class RangeStream final : public BodyFilter {
 public:
  RangeStream(const Ranges& ranges, const string_view* heads, string_view end)
      : ranges_(ranges), heads_(heads), end_(end) {}

  bool push(Chain& in, bool last, Chain& out) override {
    uint64_t behind = at_ + in.size();
    for (; next_ < ranges_.count && ranges_.items[next_].first < behind; ++next_) {
      const ByteRange& range = ranges_.items[next_];
      uint64_t from = std::max(range.first, at_);
      if (from == range.first && heads_ != nullptr) { out.append(heads_[next_]); }
      cut(in, from - at_, std::min(range.last + 1, behind) - from, out);
      if (range.last >= behind) { break; }
    }
    at_ = behind;
    in.clear();
    if (last && heads_ != nullptr) { out.append(end_); }
    return !last || next_ == ranges_.count;
  }

 private:
  Ranges ranges_;
  const string_view* heads_;  // one before each part; null: there is one part only
  string_view end_;
  uint64_t at_ = 0;  // of the body, what came so far
  size_t next_ = 0;
};

bool ascend(const Ranges& ranges) {
  for (size_t i = 1; i < ranges.count; ++i) {
    if (ranges.items[i].first <= ranges.items[i - 1].last) { return false; }
  }
  return true;
}

// A body of which only the beginning may be here.
void cut_stream(Request& request, const Ranges& ranges) {
  Response& response = request.response;
  Arena& arena = request.arena();
  auto size = static_cast<uint64_t>(response.length);
  if (ranges.count == 1) {
    response.length = static_cast<int64_t>(ranges.begin()->size());
    response.fields.set(FieldId::content_range, content_range(arena, *ranges.begin(), size));
    response.add(arena.own<RangeStream>(ranges, nullptr, string_view()));
    return;
  }
  string_view boundary = make_boundary(arena);
  auto* heads = arena.array<string_view>(ranges.count);
  string_view end = part_end(arena, boundary);
  response.length = static_cast<int64_t>(end.size());
  for (size_t i = 0; i < ranges.count; ++i) {
    heads[i] = part_head(arena, boundary, response.content_type, ranges.items[i], size);
    response.length += static_cast<int64_t>(heads[i].size() + ranges.items[i].size());
  }
  response.content_type = arena.join("multipart/byteranges; boundary=", boundary);
  response.add(arena.own<RangeStream>(ranges, heads, end));
}

class RangeFilter final : public Filter {
 public:
  void head(Request& request) const override {
    if (request.response.ranges_allowed) { consider(request); }
  }

 private:
  [[gnu::noinline]] void consider(Request& request) const {
    Response& response = request.response;
    bool whole = response.status == 200 && response.length >= 0 && response.filters == nullptr;
    if (!whole) { return; }
    Ranges ranges;
    Validators validators{response.fields.value(FieldId::etag), response.modified_at()};
    if (range_applies(request.head.method, request.head.fields, validators)) {
      ranges = parse_range(request.arena(), request.head.fields.value(FieldId::range),
                           static_cast<uint64_t>(response.length), request.core().max_ranges);
    }
    // The parts of a stream go out as they come.
    bool stream = response.source != nullptr;
    if (stream && !ascend(ranges)) { ranges.outcome = RangeOutcome::whole; }
    answer(request, ranges, stream);
  }

  void answer(Request& request, const Ranges& ranges, bool stream) const {
    if (ranges.outcome == RangeOutcome::whole) {
      request.response.fields.set(FieldId::accept_ranges, "bytes");
    } else if (ranges.outcome == RangeOutcome::unsatisfiable) {
      answer_unsatisfiable(request);
    } else {
      request.response.status = 206;
      request.response.reason = {};
      if (stream) { return cut_stream(request, ranges); }
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
