#include "shm/journal.h"

namespace sluice::shm {

void Journal::roll_back(char* base, uint64_t zone_size) {
  uint32_t left = count < kCapacity ? count : kCapacity;
  while (left > 0) {
    const Record& record = records[left - 1];
    uint64_t offset = record.where >> kSizeBits;
    uint64_t size = record.where & ((1u << kSizeBits) - 1);
    // It cannot lie outside, but this writes where it is told to by whoever died.
    if (size <= sizeof(record.old) && offset < zone_size && size <= zone_size - offset) {
      memcpy(base + offset, &record.old, size);
    }
    publish(--left);
  }
}

}  // namespace sluice::shm
