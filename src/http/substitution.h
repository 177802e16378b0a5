// Replaces words in a text that comes in pieces. Pure: no I/O, no request.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "base/chain.h"

namespace sluice::http {

using std::string_view;

// The words looked for, without regard to case: the leftmost is found, and of several at one place the first
// in the list.
class Patterns {
 public:
  static constexpr size_t kNone = SIZE_MAX;

  // Empty words match nothing. The memory of `words` must stay.
  Patterns(const string_view* words, size_t count);
  bool empty() const { return longest_ == 0; }
  size_t longest() const { return longest_; }
  string_view word(size_t i) const { return words_[i]; }
  // Whether word `i` stands at the beginning of `text`.
  bool matches(size_t i, string_view text) const;
  // Whether `text`, which is shorter, could go on to become word `i`.
  bool begins(size_t i, string_view text) const;
  size_t count() const { return count_; }
  // The first place, not before `from`, where a word may begin. Beyond text.size() - shortest(): none is
  // whole.
  size_t skip(string_view text, size_t from) const {
    size_t at = from;
    while (at + shortest_ <= text.size()) {
      uint8_t step = shift_[static_cast<unsigned char>(text[at + shortest_ - 1])];
      if (step == 0) { return at; }
      at += step;
    }
    return at;
  }
  size_t shortest() const { return shortest_; }

 private:
  const string_view* words_;
  size_t count_;
  size_t shortest_ = 0;
  size_t longest_ = 0;
  uint8_t shift_[256];  // as in Horspool's search, over the shortest word's length
};

// What a word becomes; asked for when it is first met.
class Replacements {
 public:
  virtual string_view replacement(size_t pattern) = 0;

 protected:
  ~Replacements() = default;
};

class Substitution {
 public:
  // `once`: each word is replaced only the first time.
  Substitution(Arena& arena, const Patterns& patterns, Replacements& with, bool once);
  // Takes all of `in`, which is in memory. What may be the beginning of a word is kept until more comes.
  void push(Chain& in, bool last, Chain& out);

 private:
  void push_text(string_view text, const BufferRef& owner, bool last, Chain& out);
  void emit(string_view text, const BufferRef& owner, Chain& out);
  size_t find(string_view text, bool last, size_t& from) const;
  size_t tail_of(string_view text, size_t from) const;

  const Patterns& patterns_;
  Replacements& with_;
  bool once_;
  bool* used_;
  size_t left_;  // words that may still be replaced
  char* held_;
  size_t held_size_ = 0;
  BufferRef small_;  // short pieces are put together here
  size_t small_used_ = 0;
};

}  // namespace sluice::http
