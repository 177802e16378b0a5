// A growing array in an arena: for the few things a request collects. Elements need no destructor; growing
// leaves the old memory to the arena.
#pragma once

#include <cstring>
#include <type_traits>

#include "base/arena.h"

namespace sluice {

template <class T>
class ArenaVector {
  static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);

 public:
  explicit ArenaVector(Arena& arena) : arena_(arena) {}
  ArenaVector(const ArenaVector&) = delete;
  ArenaVector& operator=(const ArenaVector&) = delete;

  void push_back(const T& item) {
    if (size_ == capacity_) { grow(); }
    items_[size_++] = item;
  }
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  T& back() { return items_[size_ - 1]; }
  const T& back() const { return items_[size_ - 1]; }
  T& operator[](size_t i) { return items_[i]; }
  const T& operator[](size_t i) const { return items_[i]; }
  const T* begin() const { return items_; }
  const T* end() const { return items_ + size_; }

 private:
  void grow() {
    size_t capacity = capacity_ == 0 ? 2 : capacity_ * 2;
    T* items = arena_.array<T>(capacity);
    if (size_ > 0) { memcpy(static_cast<void*>(items), items_, size_ * sizeof(T)); }
    items_ = items;
    capacity_ = capacity;
  }
  Arena& arena_;
  T* items_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace sluice
