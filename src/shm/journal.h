// The undo journal of a shard: what the words changed by the section under way held before. Only the owner of
// the shard's lock touches it.
//
// A process may die between any two instructions. It dies at a precise point: what it stored before is seen
// by whoever gets the lock after it (the kernel hands the lock over with full barriers), what it would have
// stored later never happened. So the order of the program is all that matters, and fences against the
// compiler suffice on every CPU:
//   record the old value; count it; then store.
// Rolling back restores from the last record to the first, and a record is uncounted after it is restored:
// doing part of it twice, because whoever did it died too, changes nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

namespace sluice::shm {

struct Journal {
  // The longest section of this folder logs some 50 words; the rest is for sections made of several
  // operations.
  static constexpr uint32_t kCapacity = 256;

  struct Record {
    uint64_t where;  // offset in the zone, shifted by kSizeBits, and the number of bytes
    uint64_t old;
  };
  static constexpr unsigned kSizeBits = 4;

  void add(uint32_t at, uint64_t offset, const void* field, uint32_t size) {
    uint64_t old = 0;
    memcpy(&old, field, size);
    records[at] = {offset << kSizeBits | size, old};
    publish(at + 1);
  }
  // Whoever dies after this has finished.
  void clear() { publish(0); }
  void roll_back(char* base, uint64_t zone_size);

  uint32_t count;
  uint32_t unused;
  Record records[kCapacity];

 private:
  void publish(uint32_t now) {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    std::atomic_ref<uint32_t>(count).store(now, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
};

}  // namespace sluice::shm
