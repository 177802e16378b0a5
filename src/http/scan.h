// Finding where things end in a message head, 16 bytes at a time where the machine can.
#pragma once

#include <cstddef>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace sluice::http {

// May not stand in a field value (RFC 9110 5.5): controls but HTAB. CR and LF are among them, so one search
// finds the end of a line as well as what must be refused in it.
constexpr bool is_control(char c) {
  auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

// May not stand in a request target: controls, blanks, and a fragment, which some readers would cut off.
constexpr bool ends_target(char c) {
  auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7f || byte == '#';
}

namespace scan_detail {

#ifdef __SSE2__
inline constexpr ptrdiff_t kStep = 16;
using Bytes = __m128i;
inline Bytes load(const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
inline Bytes equal(Bytes bytes, char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); }
// Unsigned.
inline Bytes at_most(Bytes bytes, char c) {
  return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(c)), bytes);
}
inline uint32_t mask(Bytes bytes) { return static_cast<uint32_t>(_mm_movemask_epi8(bytes)); }
#endif

struct Control {
  static bool is(char c) { return is_control(c); }
#ifdef __SSE2__
  static uint32_t in(Bytes bytes) {
    Bytes low = _mm_andnot_si128(equal(bytes, '\t'), at_most(bytes, 0x1f));
    return mask(_mm_or_si128(low, equal(bytes, 0x7f)));
  }
#endif
};

struct TargetEnd {
  static bool is(char c) { return ends_target(c); }
#ifdef __SSE2__
  static uint32_t in(Bytes bytes) {
    Bytes low = at_most(bytes, 0x20);
    return mask(_mm_or_si128(low, _mm_or_si128(equal(bytes, 0x7f), equal(bytes, '#'))));
  }
#endif
};

struct Colon {
#ifdef __SSE2__
  static uint32_t in(Bytes bytes) { return mask(equal(bytes, ':')); }
#endif
};

#ifdef __SSE2__
// In fewer than 16 bytes, when none before them may be read: two words that overlap make up one step.
template <class Class>
inline const char* find_short(const char* at, const char* end) {
  ptrdiff_t size = end - at;
  Bytes bytes;
  ptrdiff_t half;
  if (size >= 8) {
    half = 8;
    bytes = _mm_unpacklo_epi64(_mm_loadu_si64(at), _mm_loadu_si64(end - 8));
  } else if (size >= 4) {
    half = 4;
    bytes = _mm_unpacklo_epi32(_mm_loadu_si32(at), _mm_loadu_si32(end - 4));
  } else {
    while (at != end && !Class::is(*at)) { ++at; }
    return at;
  }
  uint32_t found = Class::in(bytes);
  uint32_t first = found & ((1U << half) - 1);
  if (first != 0) { return at + __builtin_ctz(first); }
  uint32_t second = (found >> half) & ((1U << half) - 1);
  return second != 0 ? end - half + __builtin_ctz(second) : end;
}
#endif

// First byte of [at, end) that is of the class, or end. The bytes from `floor` on are readable, so that the
// last step can look back instead of going byte by byte.
template <class Class>
inline const char* find(const char* floor, const char* at, const char* end) {
#ifdef __SSE2__
  for (; end - at >= kStep; at += kStep) {
    if (uint32_t found = Class::in(load(at)); found != 0) { return at + __builtin_ctz(found); }
  }
  if (end - floor >= kStep) {
    uint32_t found = Class::in(load(end - kStep)) >> (kStep - (end - at));
    return found != 0 ? at + __builtin_ctz(found) : end;
  }
  return find_short<Class>(at, end);
#else
  while (at != end && !Class::is(*at)) { ++at; }
  return at;
#endif
}

}  // namespace scan_detail

// First control in [at, end), or end. In all of these, [floor, at) is readable too.
inline const char* find_control(const char* floor, const char* at, const char* end) {
  return scan_detail::find<scan_detail::Control>(floor, at, end);
}

// First byte of [at, end) that may not stand in a target, or end.
inline const char* find_target_end(const char* floor, const char* at, const char* end) {
  return scan_detail::find<scan_detail::TargetEnd>(floor, at, end);
}

// First colon in [at, end), or end. [at, limit) is readable.
inline const char* find_colon(const char* at, const char* end, const char* limit) {
#ifdef __SSE2__
  using namespace scan_detail;
  for (; limit - at >= kStep && at < end; at += kStep) {
    if (uint32_t found = Colon::in(load(at)); found != 0) {
      const char* colon = at + __builtin_ctz(found);
      return colon < end ? colon : end;
    }
  }
#endif
  while (at < end && *at != ':') { ++at; }
  return at < end ? at : end;
}

// The controls of a text one after another, each byte looked at once. [floor, at) is readable too.
class ControlScan {
 public:
  ControlScan(const char* floor, const char* at, const char* end) : floor_(floor), at_(at), end_(end) {}
  // The next control, HTAB not among them, or the end.
  [[gnu::always_inline]] const char* next() {
    while (found_ == 0) {
      if (at_ == end_) { return end_; }
      look();
    }
    const char* control = from_ + __builtin_ctz(found_);
    found_ &= found_ - 1;
    return control;
  }

 private:
#ifdef __SSE2__
  [[gnu::always_inline]] void look() {
    using namespace scan_detail;
    from_ = at_;
    if (end_ - at_ >= 2 * kStep) [[likely]] {
      found_ = Control::in(load(at_)) | Control::in(load(at_ + kStep)) << kStep;
      at_ += 2 * kStep;
    } else if (end_ - at_ >= kStep) {
      found_ = Control::in(load(at_));
      at_ += kStep;
    } else if (end_ - floor_ >= kStep) {
      found_ = Control::in(load(end_ - kStep)) >> (kStep - (end_ - at_));
      at_ = end_;
    } else {
      found_ = is_control(*at_++) ? 1 : 0;
    }
  }
#else
  void look() {
    from_ = at_;
    found_ = is_control(*at_++) ? 1 : 0;
  }
#endif

  const char* floor_;
  const char* at_;  // not yet looked at
  const char* end_;
  const char* from_ = nullptr;
  uint32_t found_ = 0;  // controls of [from_, at_), a bit for each byte
};

// Behind the line end at `stop`, a control or `end`: CRLF, or a bare LF (RFC 9112 2.2). Null when it is none:
// a CR before anything else, or another control.
inline const char* line_end(const char* stop, const char* end) {
  if (end - stop >= 2 && stop[0] == '\r' && stop[1] == '\n') { return stop + 2; }
  return stop != end && *stop == '\n' ? stop + 1 : nullptr;
}
// Whether what line_end() refused may yet become one.
inline bool may_end_line(const char* stop, const char* end) {
  return stop == end || (*stop == '\r' && stop + 1 == end);
}

}  // namespace sluice::http
