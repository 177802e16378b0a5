// Numbers that all processes count and anybody may read, without a shared cache line being written per
// request: each process has a row of its own that only it writes, and a reader adds the rows up. When a
// process is settled its row is folded into the row of the departed, so a total never goes back; what a gauge
// had from it vanishes.
//
// Counters are found by name, so binaries with different sets of them share a zone. A zone has at most one
// table of them, in its first shard.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "shm/zone.h"

namespace sluice::shm {

enum class CounterKind : uint8_t { total, gauge };

// This process's share of one counter: cheap to copy, good for as long as the zone is mapped. One made
// without a zone, or when the table was full, counts where nobody looks.
class Counter {
 public:
  Counter() = default;
  explicit Counter(uint64_t& own) : own_(&own) {}

  void add(uint64_t many = 1) { store(load() + many); }
  void subtract(uint64_t many = 1) { store(load() - many); }
  bool real() const { return own_ != &nowhere_; }

 private:
  uint64_t load() const { return std::atomic_ref<uint64_t>(*own_).load(std::memory_order_relaxed); }
  void store(uint64_t value) { std::atomic_ref<uint64_t>(*own_).store(value, std::memory_order_relaxed); }

  static inline uint64_t nowhere_ = 0;
  uint64_t* own_ = &nowhere_;
};

constexpr size_t kMaxCounterName = 118;

// For Kind::prepare: room for this many counters. 2 kB each, of which only what processes touch takes memory.
bool prepare_counters(Transaction& tx, uint32_t capacity);

// The counter of this name, made when there is none. The process must have entered the zone.
Counter open_counter(Zone& zone, std::string_view name, CounterKind kind);

struct Reading {
  std::string name;
  CounterKind kind;
  int64_t value;
};
// All counters in the order in which they were made; empty when the lock could not be had.
std::vector<Reading> read_counters(Zone& zone);

// For settle(): the row of a process that is gone. False when the lock could not be had.
bool fold_counters(Zone& zone, uint16_t slot);

}  // namespace sluice::shm
