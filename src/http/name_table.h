// A hash table from short texts to small values, filled by the configuration and then only read: open
// addressing over (hash, index) pairs, texts in one pool. A name costs its bytes and about thirty more. The
// caller hashes, so that a text can be hashed while it is folded, or backwards.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

// One step of FNV-1a.
inline constexpr uint32_t kNameHashStart = 2166136261u;
constexpr uint32_t name_hash_step(uint32_t hash, char c) {
  return (hash ^ static_cast<unsigned char>(c)) * 16777619u;
}
constexpr uint32_t name_hash(std::string_view text) {
  uint32_t hash = kNameHashStart;
  for (char c : text) { hash = name_hash_step(hash, c); }
  return hash;
}

template <class Value>
class NameTable {
 public:
  // False, and nothing changes, if the text is there already.
  bool add(std::string_view text, uint32_t hash, Value value) {
    if (find(text, hash) != nullptr) { return false; }
    if ((entries_.size() + 1) * 4 > slots_.size() * 3) { grow(); }
    place(hash, static_cast<uint32_t>(entries_.size()));
    entries_.push_back({static_cast<uint32_t>(texts_.size()), static_cast<uint32_t>(text.size()), value});
    texts_ += text;
    return true;
  }
  // Null: not there. Valid until the next add().
  Value* find(std::string_view text, uint32_t hash) {
    return const_cast<Value*>(static_cast<const NameTable*>(this)->find(text, hash));
  }
  const Value* find(std::string_view text, uint32_t hash) const {
    if (slots_.empty()) { return nullptr; }
    size_t mask = slots_.size() - 1;
    for (size_t i = spread(hash) & mask; slots_[i].index != kFree; i = (i + 1) & mask) {
      const Slot& slot = slots_[i];
      if (slot.hash == hash && text_of(entries_[slot.index]) == text) { return &entries_[slot.index].value; }
    }
    return nullptr;
  }
  // After the last add: gives back what growing left over.
  void shrink() {
    entries_.shrink_to_fit();
    texts_.shrink_to_fit();
  }

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  size_t footprint() const {
    return slots_.size() * sizeof(Slot) + entries_.capacity() * sizeof(Entry) + texts_.capacity();
  }

 private:
  static constexpr uint32_t kFree = UINT32_MAX;
  struct Slot {
    uint32_t hash = 0;
    uint32_t index = kFree;
  };
  struct Entry {
    uint32_t offset;
    uint32_t size;
    Value value;
  };

  // FNV's low bits are its weak ones for short texts.
  static uint32_t spread(uint32_t hash) { return hash ^ (hash >> 15); }
  std::string_view text_of(const Entry& entry) const { return {texts_.data() + entry.offset, entry.size}; }
  void place(uint32_t hash, uint32_t index) {
    size_t mask = slots_.size() - 1;
    size_t i = spread(hash) & mask;
    while (slots_[i].index != kFree) { i = (i + 1) & mask; }
    slots_[i] = {hash, index};
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 8 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.index != kFree) { place(slot.hash, slot.index); }
    }
  }

  std::vector<Slot> slots_;  // a power of two, at most three quarters taken
  std::vector<Entry> entries_;
  std::string texts_;
};

}  // namespace sluice::http
