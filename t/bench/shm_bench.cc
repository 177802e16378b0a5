// What shared memory costs a request when nobody is in the way: a lookup that moves the entry to the front,
// an insertion, a block taken and given back, a hold.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "shm/counter.h"
#include "shm/heap.h"
#include "shm/ledger.h"
#include "shm/table.h"

namespace sluice::shm {
namespace {

struct Entry : Held, TableNode, ListNode<> {
  char name[24];
  std::string_view key() const { return {name, 20}; }
};

struct Index {
  Table<Entry> table;
  List<Entry> recent;
};

bool prepare(Transaction& tx) {
  Index* index = make<Index>(tx);
  if (!prepare_counters(tx, 8) || !index->table.prepare(tx, sizeof(Entry))) { return false; }
  index->recent.prepare(tx);
  tx.set_root(index);
  return true;
}

const Kind kKind{"bench", 1, prepare};

class Filled {
 public:
  explicit Filled(size_t count)
      : zone(std::move(*Zone::create({&kKind, "bench", 64 << 20, 1}))), shard(zone->shard(0)) {
    enter(*zone, *claim(*zone, 1));
    for (size_t i = 0; i < count; ++i) {
      std::string key = std::to_string(i * 48271);
      key.insert(0, 20 - key.size(), 'k');
      keys.push_back(key);
      hashes.push_back(hash(key));
    }
  }
  Entry* insert(Transaction& tx, size_t i) {
    Entry* entry = make<Entry>(tx);
    memcpy(entry->name, keys[i].data(), 20);
    Index& index = *tx.root<Index>();
    index.table.insert(tx, entry, hashes[i]);
    index.recent.push_front(tx, entry);
    return entry;
  }
  void insert_all() {
    for (size_t i = 0; i < keys.size(); ++i) {
      Transaction tx(shard);
      insert(tx, i);
      tx.commit();
    }
  }
  void remove_all() {
    for (size_t i = 0; i < keys.size(); ++i) {
      Transaction tx(shard);
      Index& index = *tx.root<Index>();
      Entry* entry = index.recent.back(tx);
      index.table.remove(tx, entry);
      index.recent.remove(tx, entry);
      discard(tx, *entry);
      tx.commit();
    }
  }

  std::unique_ptr<Zone> zone;
  Shard& shard;
  std::vector<std::string> keys;
  std::vector<uint64_t> hashes;
};

void lock_only(benchmark::State& state) {
  Filled filled(0);
  for (auto _ : state) {
    Transaction tx(filled.shard);
    tx.commit();
  }
}
BENCHMARK(lock_only);

void find_and_touch(benchmark::State& state) {
  Filled filled(static_cast<size_t>(state.range(0)));
  filled.insert_all();
  size_t next = 0;
  for (auto _ : state) {
    next = (next + 7919) % filled.keys.size();
    Transaction tx(filled.shard);
    Index& index = *tx.root<Index>();
    index.recent.move_to_front(tx, index.table.find(tx, filled.hashes[next], filled.keys[next]));
    tx.commit();
  }
}
BENCHMARK(find_and_touch)->Arg(100)->Arg(10000)->Arg(200000);

// Time is for the insertions only.
void insert(benchmark::State& state) {
  Filled filled(static_cast<size_t>(state.range(0)));
  while (state.KeepRunningBatch(state.range(0))) {
    filled.insert_all();
    state.PauseTiming();
    filled.remove_all();
    state.ResumeTiming();
  }
}
BENCHMARK(insert)->Arg(1000)->Arg(100000);

void allocate_and_give_back(benchmark::State& state) {
  Filled filled(0);
  for (auto _ : state) {
    Transaction tx(filled.shard);
    void* block = allocate(tx, static_cast<size_t>(state.range(0)));
    tx.commit();
    deallocate(tx, block);
    tx.commit();
  }
}
BENCHMARK(allocate_and_give_back)->Arg(64)->Arg(2048)->Arg(65536);

void hold_and_release(benchmark::State& state) {
  Filled filled(1);
  filled.insert_all();
  for (auto _ : state) {
    Transaction tx(filled.shard);
    Hold* held = hold(tx, *tx.root<Index>()->recent.front(tx));
    tx.commit();
    release(tx, *held);
    tx.commit();
  }
}
BENCHMARK(hold_and_release);

void count(benchmark::State& state) {
  Filled filled(0);
  Counter counter = open_counter(*filled.zone, "x", CounterKind::total);
  for (auto _ : state) { counter.add(); }
}
BENCHMARK(count);

}  // namespace
}  // namespace sluice::shm
