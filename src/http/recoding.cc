#include "http/recoding.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace sluice::http {

namespace {
constexpr size_t kLongestReference = 10;  // &#1114111;
}

uint32_t decode_utf8(string_view text, size_t& size) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  size = 1;
  unsigned char first = byte(0);
  if (first < 0x80) { return first; }
  // What may follow the first byte depends on it: no longer form than needed, no surrogates, nothing beyond
  // the last character.
  size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4) { return kInvalid; }
  unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  uint32_t character = first & (0xff >> (length + 1));
  for (; size < length; ++size) {
    if (size == text.size()) { return kCut; }
    if (byte(size) < low || byte(size) > high) { return kInvalid; }
    character = character << 6 | (byte(size) & 0x3f);
    low = 0x80;
    high = 0xbf;
  }
  return character;
}

Recoding::Recoding(Kind kind) : kind_(kind) {
  for (unsigned i = 0; i < 256; ++i) { bytes_[i] = i < 0x80 ? static_cast<uint8_t>(i) : uint8_t{'?'}; }
  if (kind != Kind::to_utf8) { return; }
  for (uint8_t byte : bytes_) { sequences_.push_back({1, {static_cast<char>(byte), 0, 0, 0}}); }
}

void Recoding::map_to_utf8(uint8_t from, string_view sequence) {
  Sequence& place = sequences_[from];
  place.size = static_cast<uint8_t>(std::min(sequence.size(), sizeof place.bytes));
  memcpy(place.bytes, sequence.data(), place.size);
}

void Recoding::map_from_utf8(uint32_t character, uint8_t to) {
  if (character < 0x80) {
    bytes_[character] = to;
  } else {
    characters_.push_back({character, to});
  }
}

void Recoding::finish() { std::sort(characters_.begin(), characters_.end()); }

int Recoding::byte_for(uint32_t character) const {
  auto found = std::lower_bound(characters_.begin(), characters_.end(), std::pair(character, uint8_t{0}));
  return found != characters_.end() && found->first == character ? found->second : -1;
}

void Recoder::push_bytes(string_view text, Chain& out) const {
  BufferRef made(Buffer::make(text.size()));
  std::transform(text.begin(), text.end(), made->data(),
                 [&](char c) { return static_cast<char>(recoding_.bytes_[static_cast<uint8_t>(c)]); });
  string_view whole(made->data(), text.size());
  out.append(whole, std::move(made));
}

void Recoder::push_to_utf8(string_view text, Chain& out) const {
  size_t room = 0;
  for (char c : text) { room += recoding_.sequences_[static_cast<uint8_t>(c)].size; }
  BufferRef made(Buffer::make(room + sizeof(Recoding::Sequence::bytes)));
  char* at = made->data();
  for (char c : text) {
    const Recoding::Sequence& sequence = recoding_.sequences_[static_cast<uint8_t>(c)];
    memcpy(at, sequence.bytes, sizeof sequence.bytes);
    at += sequence.size;
  }
  string_view whole(made->data(), room);
  out.append(whole, std::move(made));
}

char* Recoder::put_character(char* at, uint32_t character) const {
  if (character == kInvalid) {
    *at = '?';
    return at + 1;
  }
  int byte = character < 0x80 ? recoding_.bytes_[character] : recoding_.byte_for(character);
  if (byte >= 0) {
    *at = static_cast<char>(byte);
    return at + 1;
  }
  at = write_decimal(sluice::put(at, "&#"), character);
  *at = ';';
  return at + 1;
}

// One character more of `text`, from `done` on, or of what was cut off and `text`; kCut: it is not whole.
uint32_t Recoder::next_character(string_view text, size_t& done) {
  size_t size;
  if (cut_size_ == 0) {
    uint32_t character = decode_utf8(text.substr(done), size);
    if (character != kCut) { done += size; }
    return character;
  }
  while (done < text.size()) {
    cut_[cut_size_++] = text[done];
    uint32_t character = decode_utf8({cut_, cut_size_}, size);
    // A byte that does not belong to it begins the next one.
    if (character == kCut || size == cut_size_) { ++done; }
    if (character == kCut) { continue; }
    cut_size_ = 0;
    return character;
  }
  return kCut;
}

void Recoder::push_from_utf8(string_view text, bool last, Chain& out) {
  // References are longer than what they stand for, but few texts are made of them: room for more is made
  // then.
  BufferRef made;
  char* at = nullptr;
  char* end = nullptr;
  size_t done = 0;
  auto flush = [&] {
    if (!made) { return; }
    string_view whole(made->data(), static_cast<size_t>(at - made->data()));
    out.append(whole, std::move(made));
  };
  auto write = [&](uint32_t character) {
    if (static_cast<size_t>(end - at) < kLongestReference) {
      flush();
      made = BufferRef(Buffer::make(text.size() - done + 2 * kLongestReference));
      at = made->data();
      end = at + made->capacity();
    }
    at = put_character(at, character);
  };
  while (done < text.size()) {
    uint32_t character = next_character(text, done);
    if (character == kCut) { break; }
    write(character);
  }
  if (done < text.size()) {
    cut_size_ = text.size() - done;
    memcpy(cut_, text.data() + done, cut_size_);
  }
  if (last && cut_size_ > 0) { write(kInvalid); }
  flush();
}

void Recoder::push(string_view text, bool last, Chain& out) {
  switch (recoding_.kind()) {
    case Recoding::Kind::bytes:
      return push_bytes(text, out);
    case Recoding::Kind::to_utf8:
      return push_to_utf8(text, out);
    case Recoding::Kind::from_utf8:
      return push_from_utf8(text, last, out);
  }
}

}  // namespace sluice::http
