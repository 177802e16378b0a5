// The memory of a shard: objects of up to half a page share pages by size class, larger blocks are runs of
// whole pages. Nothing lies beside the blocks: a bit in the page's description says which objects are free,
// so small ones cost no header, a block given back by an undone section is untouched, and a checker sees
// every block there is.
//
// Small blocks take constant time. Runs are taken first fit from bins by powers of two, and free neighbours
// are joined. When memory is out, allocate() says null: the user evicts something, commits, and asks again,
// or goes without.
#pragma once

#include <new>

#include "shm/transaction.h"

namespace sluice::shm {

// Blocks are aligned to 16. At most 16 words, and 12 more for each unused slab that it has to dissolve, for
// which it looks only while there is room for 64 words more.
void* allocate(Transaction& tx, size_t size);
// At most 16 words. `block` is what allocate() returned; anything else aborts.
void deallocate(Transaction& tx, void* block);

// A value-initialised T followed by `extra` bytes.
template <class T>
T* make(Transaction& tx, size_t extra = 0) {
  static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 16);
  void* block = allocate(tx, sizeof(T) + extra);
  return block == nullptr ? nullptr : new (block) T{};
}

// How many bytes a block asked for with this size takes.
size_t block_size(size_t size);

struct HeapStatistics {
  size_t pages = 0;       // for users: without the shard's head
  size_t free_pages = 0;  // in no slab and no run
  size_t used_bytes = 0;  // in blocks, rounded up to their classes
  uint32_t objects[kClasses] = {};
  uint32_t runs = 0;
};
// Walks all pages: for tests and for people.
HeapStatistics heap_statistics(Transaction& tx);
// Constant time: whole pages only.
inline size_t free_pages(Transaction& tx) { return tx.shard().head().heap.free_pages; }

// Fresh memory becomes a heap; whoever makes a zone does this.
void prepare_heap(Shard& shard);

}  // namespace sluice::shm
