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

}  // namespace fold_detail

// A name of 2 to `Longest` letters, digits and hyphens, prepared for comparison: in lower case, and with the
// bits in which a text may differ from it, that of case where it has a letter.
template <size_t Longest>
class alignas(64) FoldedName {
 public:
  constexpr FoldedName() = default;
  constexpr explicit FoldedName(std::string_view name) : size_(static_cast<uint8_t>(name.size())) {
    for (size_t i = 0; i < name.size(); ++i) {
      bool letter = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z');
      case_[i] = letter ? 0x20 : 0;
      text_[i] = static_cast<char>(name[i] | case_[i]);
    }
  }
  constexpr bool is(std::string_view text) const { return text.size() == size_ && same(text.data()); }

 private:
  template <class Word>
  uint64_t difference(const char* text, size_t at) const {
    using fold_detail::load;
    return (load<Word>(text + at) | load<Word>(case_ + at)) ^ load<Word>(text_ + at);
  }
  // The last word compared overlaps the one before.
  bool same(const char* text) const {
    size_t size = size_;
    if (size >= 8) {
      uint64_t differs = difference<uint64_t>(text, 0) | difference<uint64_t>(text, size - 8);
      return differs == 0 && (Longest <= 16 || size <= 16 || difference<uint64_t>(text, 8) == 0);
    }
    if (size >= 4) { return (difference<uint32_t>(text, 0) | difference<uint32_t>(text, size - 4)) == 0; }
    return size >= 2 && (difference<uint16_t>(text, 0) | difference<uint16_t>(text, size - 2)) == 0;
  }

  char text_[Longest] = {};
  char case_[Longest] = {};
  uint8_t size_ = 0;
};

// Comparison with a literal of lower-case letters, digits and hyphens; the compiler knows its words.
template <size_t N>
inline bool is_word(std::string_view text, const char (&lowered)[N]) {
  constexpr size_t size = N - 1;
  static_assert(size >= 2 && size <= 16);
  if (text.size() != size) { return false; }
  auto difference = [&]<class Word>(Word, size_t at) {
    auto word = fold_detail::load<Word>(lowered + at);
    auto letters = static_cast<Word>((word & static_cast<Word>(0x4040404040404040)) >> 1);
    return static_cast<Word>((fold_detail::load<Word>(text.data() + at) | letters) ^ word);
  };
  if constexpr (size >= 8) {
    return (difference(uint64_t{}, 0) | difference(uint64_t{}, size - 8)) == 0;
  } else if constexpr (size >= 4) {
    return (difference(uint32_t{}, 0) | difference(uint32_t{}, size - 4)) == 0;
  } else {
    return (difference(uint16_t{}, 0) | difference(uint16_t{}, size - 2)) == 0;
  }
}

}  // namespace sluice::http
