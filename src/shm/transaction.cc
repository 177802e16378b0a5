#include "shm/transaction.h"

#include <cstdlib>

#include "base/log.h"

namespace sluice::shm {

namespace {

// Two at a time could wait for each other, or for themselves.
thread_local bool under_way = false;

}  // namespace

Transaction::Transaction(Shard& shard, std::chrono::milliseconds patience)
    : base_(shard.base()), shard_(shard) {
  if (under_way) {
    log::alert(0, "a transaction was begun inside another");
    abort();
  }
  Locked locked = shard.head().lock.acquire(shard.stuck() ? std::chrono::milliseconds(0) : patience);
  if (locked == Locked::no) [[unlikely]] {
    // Who only tries learns nothing about how long the holder takes.
    if (patience.count() > 0) { shard.set_stuck(true); }
    return;
  }
  shard.set_stuck(false);
  if (locked == Locked::repair) [[unlikely]] {
    shard.head().journal.roll_back(base_, shard.zone_size());
    shard.head().lock.mark_consistent();
  }
  journal_ = &shard.head().journal;
  under_way = true;
}

Transaction::~Transaction() {
  if (journal_ == nullptr) { return; }
  if (count_ != 0) { roll_back(); }
  under_way = false;
  shard_.head().lock.release();
}

void Transaction::commit() {
  journal_->clear();
  count_ = 0;
  gave_back_ = false;
}

void Transaction::roll_back() {
  journal_->roll_back(base_, shard_.zone_size());
  count_ = 0;
  gave_back_ = false;
}

void Transaction::overflow() {
  log::alert(0, "a transaction in shared memory has no end");
  abort();
}

}  // namespace sluice::shm
