#include "shm/ledger.h"

#include <unistd.h>

#include <cstdlib>

#include "base/log.h"
#include "shm/counter.h"
#include "shm/heap.h"
#include "shm/process.h"

namespace sluice::shm {

namespace {

using Holds = List<Hold>;
static_assert(sizeof(Holds) == sizeof(Links));

Holds& holds_of(Shard& shard, uint16_t slot) { return reinterpret_cast<Holds&>(shard.head().holds[slot]); }

uint16_t own_slot(Transaction& tx) {
  if (tx.zone().slot() == kNoSlot) {
    log::alert(0, "a process that did not enter a zone holds something in it");
    abort();
  }
  return tx.zone().slot();
}

void dispose(Transaction& tx, Held& object) {
  if (tx.zone().kind().dispose != nullptr) {
    tx.zone().kind().dispose(tx, object);
  } else {
    deallocate(tx, &object);
  }
}

void drop(Transaction& tx, Hold& hold, uint32_t count) {
  Held& object = *tx.at(hold.object);
  tx.set(object.references, object.references - count);
  if (count < hold.count) {
    tx.set(hold.count, hold.count - count);
  } else {
    Holds::remove(tx, &hold);
    deallocate(tx, &hold);
  }
  if (object.references == 0 && object.discarded != 0) { dispose(tx, object); }
}

bool settle_shard(Shard& shard, uint16_t slot) {
  // The lock is given up after each, so that workers with requests get theirs.
  while (true) {
    Transaction tx(shard);
    if (!tx) { return false; }
    Hold* hold = holds_of(shard, slot).front(tx);
    if (hold == nullptr) { return true; }
    drop(tx, *hold, hold->count);
    tx.commit();
  }
}

// 3 words.
void write(Transaction& tx, ProcessRecord& record, const Identity& who, uint32_t generation) {
  tx.set(record.started, who.started);
  tx.set(record.generation, generation);
  tx.set(record.pid, who.pid);
}

}  // namespace

Hold* hold(Transaction& tx, Held& object) {
  uint16_t slot = own_slot(tx);
  Hold* hold = make<Hold>(tx);
  if (hold == nullptr) { return nullptr; }
  hold->object = tx.offset(&object);
  hold->count = 1;
  hold->slot = slot;
  tx.set(object.references, object.references + 1);
  holds_of(tx.shard(), slot).push_front(tx, hold);
  return hold;
}

void hold_again(Transaction& tx, Hold& hold) {
  Held& object = *tx.at(hold.object);
  tx.set(object.references, object.references + 1);
  tx.set(hold.count, hold.count + 1);
}

void release(Transaction& tx, Hold& hold) { drop(tx, hold, 1); }

void discard(Transaction& tx, Held& object) {
  if (object.references == 0) {
    dispose(tx, object);
  } else {
    tx.set(object.discarded, 1);
  }
}

std::optional<uint16_t> claim(Zone& zone, uint32_t generation) {
  Identity who = own_identity();
  Transaction tx(zone.shard(0));
  if (!tx) { return std::nullopt; }
  for (uint16_t slot = 0; slot < kMaxProcesses; ++slot) {
    if (zone.processes()[slot].pid != 0) { continue; }
    write(tx, zone.processes()[slot], who, generation);
    tx.commit();
    return slot;
  }
  return std::nullopt;
}

bool enter(Zone& zone, uint16_t slot) {
  Identity who = own_identity();
  Transaction tx(zone.shard(0));
  if (!tx || slot >= kMaxProcesses) { return false; }
  ProcessRecord& record = zone.processes()[slot];
  if (record.pid != who.pid && record.pid != static_cast<uint32_t>(getppid())) { return false; }
  write(tx, record, who, record.generation);
  tx.commit();
  zone.set_slot(slot);
  return true;
}

bool settle(Zone& zone, uint16_t slot) {
  for (uint32_t i = 0; i < zone.shards(); ++i) {
    if (!settle_shard(zone.shard(i), slot)) { return false; }
  }
  if (!fold_counters(zone, slot)) { return false; }
  Transaction tx(zone.shard(0));
  if (!tx) { return false; }
  write(tx, zone.processes()[slot], {0, 0}, 0);
  tx.commit();
  return true;
}

bool sweep(Zone& zone) {
  for (uint16_t slot = 0; slot < kMaxProcesses; ++slot) {
    ProcessRecord record;
    {
      Transaction tx(zone.shard(0));
      if (!tx) { return false; }
      record = zone.processes()[slot];
    }
    if (record.pid == 0 || may_be_alive({record.pid, record.started})) { continue; }
    if (!settle(zone, slot)) { return false; }
  }
  return true;
}

}  // namespace sluice::shm
