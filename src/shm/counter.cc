#include "shm/counter.h"

#include <algorithm>

#include "shm/heap.h"

namespace sluice::shm {

struct CounterName {
  char text[kMaxCounterName + 1];
  CounterKind kind;
  uint64_t unused;
};

// Followed by the names, the row of the departed, and a row for each process.
struct alignas(64) Counters {
  uint32_t capacity;
  uint32_t used;
};

namespace {

static_assert(sizeof(CounterName) == 128);
constexpr uint32_t kCountersPerCommit = 64;
constexpr size_t kCacheLine = 64;

// A whole number of cache lines, so that no two processes write to the same one.
size_t row_cells(size_t capacity) {
  constexpr size_t kPerLine = kCacheLine / sizeof(uint64_t);
  return (capacity + kPerLine - 1) / kPerLine * kPerLine;
}

CounterName* names(Counters* counters) { return reinterpret_cast<CounterName*>(counters + 1); }

uint64_t* departed(Counters* counters) {
  return reinterpret_cast<uint64_t*>(names(counters) + counters->capacity);
}

uint64_t* row(Counters* counters, uint16_t slot) {
  return departed(counters) + (size_t{slot} + 1) * row_cells(counters->capacity);
}

Counters* table(Transaction& tx) { return tx.at(tx.shard().head().counters); }

uint64_t load(uint64_t& cell) { return std::atomic_ref<uint64_t>(cell).load(std::memory_order_relaxed); }

uint32_t find(Counters* counters, std::string_view name, CounterKind kind) {
  uint32_t index = 0;
  for (; index < counters->used; ++index) {
    const CounterName& at = names(counters)[index];
    if (at.text == name && at.kind == kind) { break; }
  }
  return index;
}

int64_t sum(Counters* counters, uint32_t index) {
  uint64_t value = departed(counters)[index];
  for (uint16_t slot = 0; slot < kMaxProcesses; ++slot) { value += load(row(counters, slot)[index]); }
  return static_cast<int64_t>(value);
}

// 2 words.
void fold(Transaction& tx, Counters* counters, uint32_t index, uint64_t& cell) {
  if (cell == 0) { return; }
  uint64_t& gone = departed(counters)[index];
  if (names(counters)[index].kind == CounterKind::total) { tx.set(gone, gone + cell); }
  tx.set(cell, 0);
}

}  // namespace

bool prepare_counters(Transaction& tx, uint32_t capacity) {
  size_t size = sizeof(Counters) + capacity * sizeof(CounterName) +
                (size_t{kMaxProcesses} + 1) * row_cells(capacity) * sizeof(uint64_t);
  auto* counters = static_cast<Counters*>(allocate(tx, size));
  if (counters == nullptr) { return false; }
  counters->capacity = capacity;
  tx.set(tx.shard().head().counters, tx.offset(counters));
  return true;
}

Counter open_counter(Zone& zone, std::string_view name, CounterKind kind) {
  if (name.size() > kMaxCounterName || zone.slot() == kNoSlot) { return {}; }
  Transaction tx(zone.shard(0));
  if (!tx) { return {}; }
  Counters* counters = table(tx);
  if (counters == nullptr) { return {}; }
  uint32_t index = find(counters, name, kind);
  if (index == counters->used) {
    if (index == counters->capacity) { return {}; }
    CounterName& fresh = names(counters)[index];
    fresh = {};
    memcpy(fresh.text, name.data(), name.size());
    fresh.kind = kind;
    tx.set(counters->used, index + 1);
  }
  tx.commit();
  return Counter(row(counters, zone.slot())[index]);
}

std::vector<Reading> read_counters(Zone& zone) {
  std::vector<Reading> readings;
  Transaction tx(zone.shard(0));
  if (!tx || table(tx) == nullptr) { return readings; }
  Counters* counters = table(tx);
  for (uint32_t i = 0; i < counters->used; ++i) {
    const CounterName& name = names(counters)[i];
    readings.push_back({name.text, name.kind, sum(counters, i)});
  }
  return readings;
}

bool fold_counters(Zone& zone, uint16_t slot) {
  for (uint32_t start = 0;; start += kCountersPerCommit) {
    Transaction tx(zone.shard(0));
    if (!tx) { return false; }
    Counters* counters = table(tx);
    if (counters == nullptr || start >= counters->used) { return true; }
    uint32_t end = std::min(start + kCountersPerCommit, counters->used);
    for (uint32_t i = start; i < end; ++i) { fold(tx, counters, i, row(counters, slot)[i]); }
    tx.commit();
  }
}

}  // namespace sluice::shm
