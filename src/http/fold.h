// Comparing names without regard to case, eight bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::http {

namespace fold_detail {

template <class Word>
inline Word load(const char* at) {
  Word word;
  memcpy(&word, at, sizeof word);
  return word;
}

// Bits in which words of a text and of a lower-case one differ. The case bit may differ where the known
// character is a letter, not where it is a hyphen or a digit.
template <class Word>
inline uint64_t difference(const char* text, const char* known) {
  uint64_t word = load<Word>(known);
  uint64_t letters = (word & 0x4040404040404040) >> 1;
  return (load<Word>(text) ^ word) & ~letters;
}

}  // namespace fold_detail

// Whether the first `size` bytes, 2 to 24, of `text` are those of `known`, which holds lower-case letters,
// digits and hyphens. The last word compared overlaps the one before.
inline bool same_folded(const char* text, const char* known, size_t size) {
  using fold_detail::difference;
  if (size >= 8) {
    uint64_t differs =
        difference<uint64_t>(text, known) | difference<uint64_t>(text + size - 8, known + size - 8);
    return differs == 0 && (size <= 16 || difference<uint64_t>(text + 8, known + 8) == 0);
  }
  if (size >= 4) {
    return (difference<uint32_t>(text, known) | difference<uint32_t>(text + size - 4, known + size - 4)) == 0;
  }
  return (difference<uint16_t>(text, known) | difference<uint16_t>(text + size - 2, known + size - 2)) == 0;
}

// Comparison with a literal of that kind.
template <size_t N>
inline bool is_word(std::string_view text, const char (&lowered)[N]) {
  static_assert(N > 2 && N <= 25);
  return text.size() == N - 1 && same_folded(text.data(), lowered, N - 1);
}

}  // namespace sluice::http
