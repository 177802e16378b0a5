// A place in a zone. Processes map a zone at different addresses, so what lies in it refers by offset: 32
// bits that count 8 bytes each, which reaches 32 GB. Zero is null: the zone's header lies there, and nobody
// refers to that.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::shm {

template <class T>
class Offset {
 public:
  static constexpr size_t kUnit = 8;

  constexpr Offset() = default;
  // `at` lies in the zone mapped at `base`, aligned to 8, or is null.
  static Offset of(const char* base, const T* at) {
    Offset offset;
    if (at != nullptr) {
      offset.units_ =
          static_cast<uint32_t>(static_cast<size_t>(reinterpret_cast<const char*>(at) - base) / kUnit);
    }
    return offset;
  }
  T* in(char* base) const { return units_ == 0 ? nullptr : reinterpret_cast<T*>(base + units_ * kUnit); }
  explicit operator bool() const { return units_ != 0; }
  bool operator==(const Offset&) const = default;

 private:
  uint32_t units_ = 0;
};

// A pair of neighbours: what a member of a list carries, and what a list is. See list.h.
struct alignas(8) Links {
  Offset<Links> previous, next;
};

}  // namespace sluice::shm
