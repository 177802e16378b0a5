// One process's view of a shard: a part of a zone with its own lock, journal and memory. Where it lies
// follows from the size of the zone and is never read from shared memory. All access to what is in it goes
// through a Transaction.
#pragma once

#include "shm/layout.h"

namespace sluice::shm {

class Zone;

class Shard {
 public:
  Shard(Zone& zone, uint32_t index, uint32_t shards);

  Zone& zone() const { return *zone_; }
  uint32_t index() const { return index_; }
  // For the code of this folder; everybody else goes through a transaction.
  ShardHead& head() const { return *head_; }
  Page* pages() const { return pages_; }
  char* base() const { return base_; }
  char* start() const { return reinterpret_cast<char*>(head_); }
  uint32_t first_page() const { return first_page_; }
  uint32_t page_count() const { return page_count_; }
  uint64_t zone_size() const { return zone_size_; }

  // A holder that keeps us waiting is probably stopped: until the lock was had again, nobody here waits for
  // it.
  bool stuck() const { return stuck_; }
  void set_stuck(bool stuck) { stuck_ = stuck; }

 private:
  Zone* zone_;
  char* base_;
  ShardHead* head_;
  Page* pages_;
  uint64_t zone_size_;
  uint32_t index_;
  uint32_t first_page_;
  uint32_t page_count_;
  bool stuck_ = false;
};

}  // namespace sluice::shm
