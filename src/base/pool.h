// Per-thread free lists of memory in power-of-two sizes, last in first out so that what is handed out is warm
// in the processor's cache. Coroutine frames, arena blocks and I/O buffers come from here. Each size keeps a
// bounded number of free pieces; beyond that they return to the system.
#pragma once

#include <cstddef>

namespace sluice::pool {

inline constexpr size_t kLargest = size_t{256} << 10;

// `size` is rounded up to a power of two; above kLargest it comes straight from operator new.
// Aborts when the system is out of memory.
void* take(size_t size);
// `size` as given to take().
void give(void* memory, size_t size);
// Returns all free pieces to the system: after a burst, and before a leak check.
void trim();

}  // namespace sluice::pool
