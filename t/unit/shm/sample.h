// A zone as a feature would have it, for the tests: keys with a value and some bytes, the least recently used
// go first, and what is held stays.
#pragma once

#include <string>
#include <string_view>

#include "base/hash.h"
#include "shm/check.h"
#include "shm/counter.h"
#include "shm/heap.h"
#include "shm/ledger.h"
#include "shm/list.h"
#include "shm/table.h"

namespace sluice::shm::sample {

using std::string_view;

struct Entry : Held, TableNode, ListNode<> {
  uint64_t value;
  uint32_t key_size;
  uint32_t extra;
  char* text() { return reinterpret_cast<char*>(this + 1); }
  string_view key() { return {text(), key_size}; }
  // Both ends are filled from the key, so that blocks that overlap are seen.
  char pattern() {
    return static_cast<char>(key_size * 31 + extra + static_cast<uint8_t>(text()[key_size - 1]));
  }
  char* end() { return text() + key_size + extra; }
  uint32_t filled() { return extra < 32 ? extra : 32; }
  void fill() {
    memset(text() + key_size, pattern(), filled());
    memset(end() - filled(), pattern(), filled());
  }
  bool intact() {
    for (uint32_t i = 0; i < filled(); ++i) {
      if (text()[key_size + i] != pattern() || end()[-1 - static_cast<int>(i)] != pattern()) { return false; }
    }
    return true;
  }
};

struct Index {
  Table<Entry> table;
  List<Entry> recent;
  uint64_t steps;  // for who wants to count what was committed
};

inline bool prepare(Transaction& tx) {
  if (tx.shard().index() == 0 && !prepare_counters(tx, 8)) { return false; }
  Index* index = make<Index>(tx);
  if (index == nullptr || !index->table.prepare(tx, sizeof(Entry) + 16)) { return false; }
  index->recent.prepare(tx);
  tx.set_root(index);
  return true;
}

inline void reach(Transaction& tx, Reach& reach) {
  Index& index = *tx.root<Index>();
  reach.block(&index);
  reach.block(index.table.block(tx));
  bool whole = index.table.walk(tx, [&](Entry& entry) {
    reach.block(&entry);
    reach.held(entry);
    if (entry.discarded != 0) { reach.wrong("a discarded entry is in the table"); }
    if (!entry.intact()) { reach.wrong("an entry was written over"); }
  });
  if (!whole) { reach.wrong("the table is broken"); }
  uint32_t listed = 0;
  if (!index.recent.walk(tx, index.table.size(), [&](Entry&) { ++listed; })) {
    reach.wrong("the list is broken");
  }
  if (listed != index.table.size()) { reach.wrong("list and table differ"); }
  for (Held* held : reach.discarded()) {
    if (!static_cast<Entry*>(held)->intact()) { reach.wrong("a held entry was written over"); }
  }
}

inline const Kind kKind{"sample", 1, prepare, nullptr, reach};

inline void remove(Transaction& tx, Entry& entry) {
  Index& index = *tx.root<Index>();
  index.table.remove(tx, &entry);
  index.recent.remove(tx, &entry);
  discard(tx, entry);
}

inline bool evict(Transaction& tx) {
  Entry* last = tx.root<Index>()->recent.back(tx);
  if (last != nullptr) { remove(tx, *last); }
  return last != nullptr;
}

inline Entry* find(Transaction& tx, string_view key) {
  Index& index = *tx.root<Index>();
  Entry* entry = index.table.find(tx, hash(key), key);
  if (entry != nullptr) { index.recent.move_to_front(tx, entry); }
  return entry;
}

// Evicts while there is no room; null when everything is held.
inline Entry* put(Transaction& tx, string_view key, uint64_t value, uint32_t extra = 0) {
  if (Entry* entry = find(tx, key)) {
    tx.set(entry->value, value);
    return entry;
  }
  Entry* entry = make<Entry>(tx, key.size() + extra);
  while (entry == nullptr && evict(tx)) {
    tx.commit();
    entry = make<Entry>(tx, key.size() + extra);
  }
  if (entry == nullptr) { return nullptr; }
  entry->value = value;
  entry->key_size = static_cast<uint32_t>(key.size());
  entry->extra = extra;
  memcpy(entry->text(), key.data(), key.size());
  entry->fill();
  tx.root<Index>()->table.insert(tx, entry, hash(key));
  tx.root<Index>()->recent.push_front(tx, entry);
  return entry;
}

inline std::unique_ptr<Zone> zone(size_t size = 256 << 10, uint32_t shards = 1) {
  auto zone = Zone::create({&kKind, "test", size, shards});
  return zone ? std::move(*zone) : nullptr;
}

inline std::string problems(Zone& zone) {
  std::string text;
  for (const std::string& finding : check(zone)) { text += finding + '\n'; }
  return text;
}

}  // namespace sluice::shm::sample
