#include "base/pool.h"

#include <bit>
#include <cstdint>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
// Under the sanitizer nothing is reused, so that it sees every use after free and every leak.
#define SLUICE_POOLED 0
#else
#define SLUICE_POOLED 1
#endif

namespace sluice::pool {

namespace {

constexpr int kSmallestBit = 6;    // 64 bytes
constexpr int kLargestBit = 18;    // kLargest
constexpr size_t kKeep = 4 << 20;  // free bytes kept per size

struct Free {
  Free* next;
};
struct Bucket {
  Free* head = nullptr;
  size_t count = 0;
};
thread_local Bucket buckets[kLargestBit + 1];

int bit_of(size_t size) {
  int bit = size <= 1 ? 0 : std::bit_width(size - 1);
  return bit < kSmallestBit ? kSmallestBit : bit;
}

}  // namespace

void* take(size_t size) {
  int bit = bit_of(size);
  if (bit > kLargestBit || SLUICE_POOLED == 0) { return ::operator new(size); }
  Bucket& bucket = buckets[bit];
  if (bucket.head == nullptr) { return ::operator new (size_t{1} << bit); }
  Free* piece = bucket.head;
  bucket.head = piece->next;
  --bucket.count;
  return piece;
}

void give(void* memory, size_t size) {
  int bit = bit_of(size);
  if (bit > kLargestBit || SLUICE_POOLED == 0 || (buckets[bit].count << bit) >= kKeep) {
    ::operator delete(memory);
    return;
  }
  Bucket& bucket = buckets[bit];
  auto* piece = static_cast<Free*>(memory);
  piece->next = bucket.head;
  bucket.head = piece;
  ++bucket.count;
}

void trim() {
  for (int bit = kSmallestBit; bit <= kLargestBit; ++bit) {
    Bucket& bucket = buckets[bit];
    while (bucket.head != nullptr) {
      Free* piece = bucket.head;
      bucket.head = piece->next;
      ::operator delete(piece);
    }
    bucket.count = 0;
  }
}

}  // namespace sluice::pool
