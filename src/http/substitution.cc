#include "http/substitution.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace sluice::http {

Patterns::Patterns(const string_view* words, size_t count) : words_(words), count_(count) {
  for (size_t i = 0; i < count; ++i) {
    if (words[i].empty()) { continue; }
    shortest_ = shortest_ == 0 ? words[i].size() : std::min(shortest_, words[i].size());
    longest_ = std::max(longest_, words[i].size());
  }
  constexpr size_t kMost = UINT8_MAX;
  shortest_ = std::min(shortest_, kMost);
  std::fill(std::begin(shift_), std::end(shift_), static_cast<uint8_t>(shortest_));
  for (size_t i = 0; i < count; ++i) {
    if (words[i].empty()) { continue; }
    for (size_t at = 0; at < shortest_; ++at) {
      auto small = static_cast<unsigned char>(lower(words[i][at]));
      auto step = static_cast<uint8_t>(shortest_ - 1 - at);
      shift_[small] = std::min(shift_[small], step);
      if (is_alpha(words[i][at])) { shift_[small ^ 0x20] = shift_[small]; }
    }
  }
}

bool Patterns::matches(size_t i, string_view text) const {
  return !words_[i].empty() && istarts_with(text, words_[i]);
}

bool Patterns::begins(size_t i, string_view text) const {
  return text.size() < words_[i].size() && istarts_with(words_[i], text);
}

Substitution::Substitution(Arena& arena, const Patterns& patterns, Replacements& with, bool once)
    : patterns_(patterns),
      with_(with),
      once_(once),
      used_(arena.array<bool>(patterns.count())),
      left_(patterns.count()),
      held_(arena.characters(patterns.longest())) {
  std::fill_n(used_, patterns.count(), false);
  for (size_t i = 0; i < patterns.count(); ++i) {
    if (patterns.word(i).empty()) {
      used_[i] = true;
      --left_;
    }
  }
}

// The word that stands at the first place from `from` on, where `from` then is; kNone: none that is whole.
size_t Substitution::find(string_view text, bool last, size_t& from) const {
  for (size_t at = patterns_.skip(text, from); at + patterns_.shortest() <= text.size();
       at = patterns_.skip(text, at + 1)) {
    for (size_t i = 0; i < patterns_.count(); ++i) {
      if (used_[i]) { continue; }
      if (patterns_.matches(i, text.substr(at))) {
        from = at;
        return i;
      }
      // One that the text's end cuts off counts before those behind it in the list.
      if (!last && patterns_.begins(i, text.substr(at))) { return Patterns::kNone; }
    }
  }
  return Patterns::kNone;
}

// Where the piece begins, from `from` on, that may be the beginning of a word; text.size(): nowhere.
size_t Substitution::tail_of(string_view text, size_t from) const {
  size_t most = patterns_.longest() - 1;
  for (size_t at = std::max(from, text.size() - std::min(text.size(), most)); at < text.size(); ++at) {
    for (size_t i = 0; i < patterns_.count(); ++i) {
      if (!used_[i] && patterns_.begins(i, text.substr(at))) { return at; }
    }
  }
  return text.size();
}

// A text full of words must not become thousands of slices.
void Substitution::emit(string_view text, const BufferRef& owner, Chain& out) {
  constexpr size_t kShort = 512;
  constexpr size_t kRoom = 4096 - sizeof(Buffer);
  if (text.size() >= kShort) { return out.append(text, owner); }
  if (text.empty()) { return; }
  if (!small_ || small_->capacity() - small_used_ < text.size()) {
    small_ = BufferRef(Buffer::make(kRoom));
    small_used_ = 0;
  }
  char* to = small_->data() + small_used_;
  memcpy(to, text.data(), text.size());
  small_used_ += text.size();
  out.append(string_view(to, text.size()), small_);
}

void Substitution::push_text(string_view text, const BufferRef& owner, bool last, Chain& out) {
  size_t sent = 0;
  while (left_ > 0) {
    size_t at = sent;
    size_t pattern = find(text, last, at);
    if (pattern == Patterns::kNone) { break; }
    emit(text.substr(sent, at - sent), owner, out);
    emit(with_.replacement(pattern), BufferRef(), out);
    sent = at + patterns_.word(pattern).size();
    if (once_) {
      used_[pattern] = true;
      --left_;
    }
  }
  size_t end = last || left_ == 0 ? text.size() : tail_of(text, sent);
  emit(text.substr(sent, end - sent), owner, out);
  held_size_ = text.size() - end;
  if (held_size_ > 0) { memcpy(held_, text.data() + end, held_size_); }
}

void Substitution::push(Chain& in, bool last, Chain& out) {
  for (size_t i = 0; i < in.slices(); ++i) {
    const Slice& slice = in.at(i);
    if (held_size_ == 0) {
      push_text({slice.data, slice.size}, slice.owner, false, out);
      continue;
    }
    BufferRef joined(Buffer::make(held_size_ + slice.size));
    memcpy(joined->data(), held_, held_size_);
    memcpy(joined->data() + held_size_, slice.data, slice.size);
    push_text({joined->data(), held_size_ + slice.size}, joined, false, out);
  }
  in.clear();
  if (!last || held_size_ == 0) { return; }
  BufferRef rest(Buffer::make(held_size_));
  memcpy(rest->data(), held_, held_size_);
  push_text({rest->data(), held_size_}, rest, true, out);
}

}  // namespace sluice::http
