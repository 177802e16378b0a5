// Memory with one lifetime: a request, a config. Everything is given back at once when the arena dies.
// Blocks of the standard size come from, and return to, a per-thread pool, so a request in steady state calls
// no malloc. Objects with destructors are only run for those made by own().
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace sluice {

class Arena {
 public:
  static constexpr size_t kBlock = 8192;  // bytes, header included; larger requests get a block of their own

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() { clear(); }

  // Runs owned destructors, last first, and returns all memory.
  void clear();

  void* allocate(size_t size, size_t align = alignof(std::max_align_t)) {
    auto at = (reinterpret_cast<uintptr_t>(next_) + align - 1) & ~(align - 1);
    if (at + size <= reinterpret_cast<uintptr_t>(end_) && next_ != nullptr) {
      next_ = reinterpret_cast<char*>(at + size);
      return reinterpret_cast<void*>(at);
    }
    return grow(size, align);
  }
  char* characters(size_t size) { return static_cast<char*>(allocate(size, 1)); }

  // For types that need no destructor.
  template <class T, class... Arguments>
  T* make(Arguments&&... arguments) {
    static_assert(std::is_trivially_destructible_v<T>, "use own()");
    return new (allocate(sizeof(T), alignof(T))) T{std::forward<Arguments>(arguments)...};
  }
  template <class T>
  T* array(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return static_cast<T*>(allocate(sizeof(T) * count, alignof(T)));
  }
  // The destructor runs when the arena is cleared.
  template <class T, class... Arguments>
  T* own(Arguments&&... arguments) {
    auto* made = new (allocate(sizeof(T), alignof(T))) T(std::forward<Arguments>(arguments)...);
    auto* cleanup = static_cast<Cleanup*>(allocate(sizeof(Cleanup), alignof(Cleanup)));
    *cleanup = {cleanups_, made, [](void* object) { static_cast<T*>(object)->~T(); }};
    cleanups_ = cleanup;
    return made;
  }
  std::string_view copy(std::string_view text) {
    char* to = characters(text.size());
    if (!text.empty()) { memcpy(to, text.data(), text.size()); }
    return {to, text.size()};
  }
  std::string_view join(std::string_view a, std::string_view b, std::string_view c = {}) {
    char* to = characters(a.size() + b.size() + c.size());
    char* at = to;
    for (std::string_view part : {a, b, c}) {
      if (!part.empty()) { memcpy(at, part.data(), part.size()); }
      at += part.size();
    }
    return {to, static_cast<size_t>(at - to)};
  }
  // Bytes taken from the system or the pool.
  size_t footprint() const { return footprint_; }

 private:
  struct Block {
    Block* next;
    size_t size;
  };
  struct Cleanup {
    Cleanup* next;
    void* object;
    void (*destroy)(void*);
  };
  void* grow(size_t size, size_t align);

  char* next_ = nullptr;
  char* end_ = nullptr;
  Block* blocks_ = nullptr;
  Cleanup* cleanups_ = nullptr;
  size_t footprint_ = 0;
};

}  // namespace sluice
