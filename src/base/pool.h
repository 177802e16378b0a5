// Per-thread free lists of memory in power-of-two sizes, last in first out so that what is handed out is warm
// in the processor's cache. Coroutine frames, arena blocks and I/O buffers come from here. Each size keeps a
// bounded number of free pieces; beyond that they return to the system.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
// Under the sanitizer nothing is reused, so that it sees every use after free and every leak.
#define SLUICE_POOLED 0
#else
#define SLUICE_POOLED 1
#endif

namespace sluice::pool {

inline constexpr size_t kLargest = size_t{256} << 10;

namespace detail {

inline constexpr int kSmallestBit = 6;    // 64 bytes
inline constexpr int kLargestBit = 18;    // kLargest
inline constexpr size_t kKeep = 4 << 20;  // free bytes kept per size

struct Free {
  Free* next;
};
struct Bucket {
  Free* head = nullptr;
  size_t count = 0;
};
inline constinit thread_local Bucket buckets[kLargestBit + 1] = {};

inline int bit_of(size_t size) {
  int bit = size <= 1 ? 0 : std::bit_width(size - 1);
  return bit < kSmallestBit ? kSmallestBit : bit;
}
void* take_new(int bit, size_t size);
void give_back(void* memory);

}  // namespace detail

// `size` is rounded up to a power of two; above kLargest it comes straight from operator new.
// Aborts when the system is out of memory.
inline void* take(size_t size) {
  int bit = detail::bit_of(size);
  if (SLUICE_POOLED == 0 || bit > detail::kLargestBit) { return detail::take_new(bit, size); }
  detail::Bucket& bucket = detail::buckets[bit];
  detail::Free* piece = bucket.head;
  if (piece == nullptr) { return detail::take_new(bit, size); }
  bucket.head = piece->next;
  --bucket.count;
  return piece;
}

// `size` as given to take().
inline void give(void* memory, size_t size) {
  int bit = detail::bit_of(size);
  if (SLUICE_POOLED == 0 || bit > detail::kLargestBit || detail::buckets[bit].count >= detail::kKeep >> bit) {
    detail::give_back(memory);
    return;
  }
  detail::Bucket& bucket = detail::buckets[bit];
  auto* piece = static_cast<detail::Free*>(memory);
  piece->next = bucket.head;
  bucket.head = piece;
  ++bucket.count;
}

// Returns all free pieces to the system: after a burst, and before a leak check.
void trim();

}  // namespace sluice::pool
