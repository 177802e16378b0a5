// Finding where things end in a message head, 16 bytes at a time where the machine can.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace sluice::http::h1 {

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

#ifdef __SSE2__
namespace scan_detail {
inline __m128i load(const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
// 0xff in each byte that is at most `most`, unsigned.
inline __m128i at_most(__m128i bytes, char most) {
  return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(most)), bytes);
}
inline unsigned controls(__m128i bytes) {
  __m128i low = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t')), at_most(bytes, 0x1f));
  __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(low, del)));
}
inline unsigned target_ends(__m128i bytes) {
  __m128i low = at_most(bytes, 0x20);
  __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
  __m128i hash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('#'));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(del, hash))));
}
inline unsigned colons(__m128i bytes) {
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(':'))));
}
}  // namespace scan_detail
#endif

// First control in [at, end), or end.
inline const char* find_control(const char* at, const char* end) {
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    if (unsigned found = scan_detail::controls(scan_detail::load(at)); found != 0) {
      return at + __builtin_ctz(found);
    }
  }
#endif
  while (at != end && !is_control(*at)) { ++at; }
  return at;
}

// First byte of [at, end) that may not stand in a target, or end.
inline const char* find_target_end(const char* at, const char* end) {
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    if (unsigned found = scan_detail::target_ends(scan_detail::load(at)); found != 0) {
      return at + __builtin_ctz(found);
    }
  }
#endif
  while (at != end && !ends_target(*at)) { ++at; }
  return at;
}

// First colon in [at, end), or end.
inline const char* find_colon(const char* at, const char* end) {
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    if (unsigned found = scan_detail::colons(scan_detail::load(at)); found != 0) {
      return at + __builtin_ctz(found);
    }
  }
#endif
  while (at != end && *at != ':') { ++at; }
  return at;
}

// A line of a head: CRLF ends it, and so does a bare LF (RFC 9112 2.2). A CR before anything else, and any
// other control, makes it bad.
struct Line {
  enum State : uint8_t { more, whole, bad };
  State state;
  const char* end;   // of the text; when bad, the byte to blame; when more, where to look next time
  const char* next;  // behind the line end, when whole
};

// `from` is where to look: the line's begin, or the `end` of the last attempt.
inline Line find_line(const char* from, const char* end) {
  const char* stop = find_control(from, end);
  if (stop == end) { return {Line::more, stop, stop}; }
  if (*stop == '\n') { return {Line::whole, stop, stop + 1}; }
  if (*stop != '\r') { return {Line::bad, stop, stop}; }
  if (stop + 1 == end) { return {Line::more, stop, stop}; }
  return {stop[1] == '\n' ? Line::whole : Line::bad, stop, stop + 2};
}

// Case-insensitive comparison with a literal in lower case whose characters are letters, digits and hyphens.
template <size_t N>
inline bool is_word(std::string_view text, const char (&lowered)[N]) {
  if (text.size() != N - 1) { return false; }
  unsigned char differs = 0;
  for (size_t i = 0; i < N - 1; ++i) {
    // Only a letter (0x40 set in the literal) may differ by the case bit.
    unsigned char keep = (lowered[i] & 0x40) != 0 ? 0xdf : 0xff;
    differs |= static_cast<unsigned char>((text[i] ^ lowered[i]) & keep);
  }
  return differs == 0;
}

}  // namespace sluice::http::h1
