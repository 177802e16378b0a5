#include "base/pool.h"

#include <new>

namespace sluice::pool {

namespace detail {

void* take_new(int bit, size_t size) {
  return ::operator new (SLUICE_POOLED == 0 || bit > kLargestBit ? size : size_t{1} << bit);
}

void give_back(void* memory) { ::operator delete(memory); }

}  // namespace detail

void trim() {
  for (detail::Bucket& bucket : detail::buckets) {
    while (bucket.head != nullptr) {
      detail::Free* piece = bucket.head;
      bucket.head = piece->next;
      ::operator delete(piece);
    }
    bucket.count = 0;
  }
}

}  // namespace sluice::pool
