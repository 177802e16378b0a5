#include "base/arena.h"

#include <cstdint>
#include <cstdlib>

#include "base/pool.h"

namespace sluice {

void* Arena::grow(size_t size, size_t align) {
  size_t wanted = size + align + sizeof(Block);
  bool standard = wanted <= kBlock;
  size_t bytes = standard ? kBlock : wanted;
  auto* block = static_cast<Block*>(standard ? pool::take(kBlock) : ::operator new(bytes));
  block->next = blocks_;
  block->size = bytes;
  blocks_ = block;
  footprint_ += bytes;
  char* start = reinterpret_cast<char*>(block + 1);
  auto at = (reinterpret_cast<uintptr_t>(start) + align - 1) & ~(align - 1);
  char* end = reinterpret_cast<char*>(block) + bytes;
  // An oversized block serves its one request; the current standard block stays in use.
  if (standard || next_ == nullptr) {
    next_ = reinterpret_cast<char*>(at + size);
    end_ = end;
  }
  return reinterpret_cast<void*>(at);
}

void Arena::clear() {
  while (cleanups_ != nullptr) {
    Cleanup* cleanup = cleanups_;
    cleanups_ = cleanup->next;
    cleanup->destroy(cleanup->object);
  }
  while (blocks_ != nullptr) {
    Block* block = blocks_;
    blocks_ = block->next;
    if (block->size == kBlock) {
      pool::give(block, kBlock);
    } else {
      ::operator delete(block);
    }
  }
  next_ = end_ = nullptr;
  footprint_ = 0;
}

}  // namespace sluice
