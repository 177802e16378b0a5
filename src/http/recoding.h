// From one charset to another: between charsets of single bytes, and between those and UTF-8. Pure: no I/O,
// no request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/chain.h"

namespace sluice::http {

using std::string_view;

// One direction. Characters below 80 hex are themselves unless said otherwise; others that are not said
// become a question mark, or a reference (&#1073;) where they come from UTF-8.
class Recoding {
 public:
  enum class Kind : uint8_t { bytes, to_utf8, from_utf8 };
  explicit Recoding(Kind kind);

  Kind kind() const { return kind_; }
  // Whether as many bytes come out as went in.
  bool keeps_length() const { return kind_ == Kind::bytes; }
  // `bytes`: a byte becomes another.
  void map_byte(uint8_t from, uint8_t to) { bytes_[from] = to; }
  // `to_utf8`: a byte becomes this sequence of one to four.
  void map_to_utf8(uint8_t from, string_view sequence);
  // `from_utf8`: this character becomes a byte.
  void map_from_utf8(uint32_t character, uint8_t to);
  void finish();  // after the last map_…

 private:
  friend class Recoder;
  struct Sequence {
    uint8_t size;
    char bytes[4];
  };
  // The byte for a character above 7f hex; negative: there is none.
  int byte_for(uint32_t character) const;

  Kind kind_;
  uint8_t bytes_[256];
  std::vector<Sequence> sequences_;                       // to_utf8
  std::vector<std::pair<uint32_t, uint8_t>> characters_;  // from_utf8, sorted
};

// A text on its way, in pieces that may end within a character.
class Recoder {
 public:
  explicit Recoder(const Recoding& recoding) : recoding_(recoding) {}
  // Appends what `text` becomes; `last`: nothing follows.
  void push(string_view text, bool last, Chain& out);

 private:
  void push_bytes(string_view text, Chain& out) const;
  void push_to_utf8(string_view text, Chain& out) const;
  void push_from_utf8(string_view text, bool last, Chain& out);
  uint32_t next_character(string_view text, size_t& done);
  char* put_character(char* at, uint32_t character) const;

  const Recoding& recoding_;
  char cut_[4];  // the beginning of a character
  size_t cut_size_ = 0;
};

// A sequence of UTF-8 at the beginning of `text` (RFC 3629): its character, and its length in `size`. kCut:
// the text ends within it; kInvalid: `size` bytes are no sequence's beginning.
inline constexpr uint32_t kCut = 0xfffffffe;
inline constexpr uint32_t kInvalid = 0xffffffff;
uint32_t decode_utf8(string_view text, size_t& size);

}  // namespace sluice::http
