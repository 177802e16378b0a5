// Transactions, tables, lists, holds and counters, without anybody dying.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <set>

#include "sample.h"

namespace sluice::shm {
namespace {

using sample::Entry;
using sample::Index;
using std::string_view;

class ShmStructures : public testing::Test {
 protected:
  ShmStructures() : zone(sample::zone()) { enter(*zone, *claim(*zone, 1)); }
  void TearDown() override { EXPECT_EQ(sample::problems(*zone), ""); }
  Shard& shard() { return zone->shard(0); }
  std::string order() {
    std::string text;
    Transaction tx(shard());
    auto& recent = tx.root<Index>()->recent;
    for (Entry* entry = recent.front(tx); entry != nullptr; entry = recent.next(tx, entry)) {
      text += entry->key();
    }
    return text;
  }
  void put(string_view key, uint32_t extra = 0) {
    Transaction tx(shard());
    ASSERT_NE(sample::put(tx, key, 1, extra), nullptr);
    tx.commit();
  }

  std::unique_ptr<Zone> zone;
};

TEST_F(ShmStructures, WhatIsNotCommittedDidNotHappen) {
  put("a");
  {
    Transaction tx(shard());
    sample::put(tx, "b", 2);
    sample::find(tx, "a")->value = 1;
    tx.set(sample::find(tx, "a")->value, 7);
    tx.set(sample::find(tx, "a")->value, 8);
    sample::remove(tx, *sample::find(tx, "b"));
  }
  EXPECT_EQ(order(), "a");
  Transaction tx(shard());
  EXPECT_EQ(sample::find(tx, "a")->value, 1u);
  EXPECT_EQ(sample::find(tx, "b"), nullptr);
  tx.set(sample::find(tx, "a")->value, 9);
  tx.commit();
  tx.set(sample::find(tx, "a")->value, 10);
  tx.roll_back();
  EXPECT_EQ(sample::find(tx, "a")->value, 9u) << "back to the last commit only";
}

TEST_F(ShmStructures, FieldsOfEverySizeAreRestored) {
  put("a", 100);
  Transaction tx(shard());
  Entry* entry = sample::find(tx, "a");
  tx.commit();
  char* at = entry->text() + 8;
  std::string before(at, 64);
  struct Six {
    char bytes[6];
  };
  tx.set(*reinterpret_cast<uint8_t*>(at), 1);
  tx.set(*reinterpret_cast<uint16_t*>(at + 2), 2);
  tx.set(*reinterpret_cast<uint32_t*>(at + 4), 3);
  tx.set(*reinterpret_cast<Six*>(at + 8), {"12345"});
  tx.set(*reinterpret_cast<uint64_t*>(at + 16), 4);
  EXPECT_NE(before, string_view(at, 64));
  tx.roll_back();
  EXPECT_EQ(before, string_view(at, 64));
}

TEST_F(ShmStructures, AListKeepsItsOrder) {
  for (const char* key : {"a", "b", "c", "d"}) { put(key); }
  EXPECT_EQ(order(), "dcba");
  Transaction tx(shard());
  auto& recent = tx.root<Index>()->recent;
  sample::find(tx, "d");
  sample::find(tx, "b");
  sample::find(tx, "a");
  EXPECT_EQ(recent.front(tx)->key(), "a");
  EXPECT_EQ(recent.back(tx)->key(), "c");
  EXPECT_EQ(recent.previous(tx, recent.back(tx))->key(), "d");
  EXPECT_EQ(recent.next(tx, recent.back(tx)), nullptr);
  EXPECT_EQ(recent.previous(tx, recent.front(tx)), nullptr);
  uint32_t room = tx.room();
  recent.move_to_front(tx, recent.back(tx));
  EXPECT_LE(room - tx.room(), 6u) << "the words a touch logs";
  tx.commit();
}

TEST_F(ShmStructures, TheTableFindsWhatWasPutAndNothingElse) {
  std::mt19937 random(3);
  std::set<std::string> keys;
  for (int i = 0; i < 5000; ++i) {
    std::string key = "key" + std::to_string(random() % 700);
    Transaction tx(shard());
    Entry* entry = tx.root<Index>()->table.find(tx, hash(key), key);
    ASSERT_EQ(entry != nullptr, keys.count(key) == 1) << key;
    if (entry != nullptr && random() % 2 == 0) {
      sample::remove(tx, *entry);
      keys.erase(key);
    } else {
      sample::put(tx, key, 1);
      keys.insert(key);
    }
    ASSERT_EQ(tx.root<Index>()->table.size(), keys.size());
    tx.commit();
  }
}

TEST_F(ShmStructures, KeysWithTheSameHashAreKeptApart) {
  Transaction tx(shard());
  auto& table = tx.root<Index>()->table;
  Entry* a = sample::put(tx, "a", 1);
  Entry* b = sample::put(tx, "b", 2);
  for (Entry* entry : {a, b}) {
    table.remove(tx, entry);
    table.insert(tx, entry, 42);
  }
  EXPECT_EQ(table.find(tx, 42, "a"), a);
  EXPECT_EQ(table.find(tx, 42, "b"), b);
  EXPECT_EQ(table.find(tx, 42, "c"), nullptr);
  table.remove(tx, a);
  EXPECT_EQ(table.find(tx, 42, "b"), b);
}

TEST_F(ShmStructures, AFullZoneMakesRoom) {
  for (int i = 0; i < 20000; ++i) {
    put("key" + std::to_string(i), static_cast<uint32_t>(i % 50 == 0 ? 9000 : i % 300));
  }
  EXPECT_EQ(sample::problems(*zone), "");
  Transaction tx(shard());
  EXPECT_NE(sample::find(tx, "key19999"), nullptr);
  EXPECT_EQ(sample::find(tx, "key0"), nullptr);
  tx.commit();
}

TEST_F(ShmStructures, WhenAllIsHeldThereIsNoMemoryAndNothingBreaks) {
  int held = 0;
  while (true) {
    Transaction tx(shard());
    Entry* entry = make<Entry>(tx, 100) == nullptr
                       ? nullptr
                       : (tx.roll_back(), sample::put(tx, std::to_string(held), 1, 90));
    if (entry == nullptr || hold(tx, *entry) == nullptr) { break; }
    tx.commit();
    ++held;
  }
  EXPECT_GT(held, 300);
  {
    Transaction tx(shard());
    EXPECT_EQ(sample::put(tx, "more", 1, 5000), nullptr);
    tx.commit();
    EXPECT_EQ(tx.root<Index>()->table.size(), 0u) << "all discarded, none freed";
  }
  EXPECT_EQ(sample::problems(*zone), "");
  EXPECT_TRUE(settle(*zone, zone->slot()));
  Transaction tx(shard());
  EXPECT_NE(sample::put(tx, "more", 1, 5000), nullptr);
  tx.commit();
}

TEST_F(ShmStructures, AHeldEntryOutlivesItsDiscard) {
  Transaction tx(shard());
  size_t without = heap_statistics(tx).used_bytes;
  Entry* entry = sample::put(tx, "a", 1);
  size_t with = heap_statistics(tx).used_bytes;
  Hold* held = hold(tx, *entry);
  hold_again(tx, *held);
  tx.commit();
  EXPECT_EQ(entry->references, 2u);
  sample::remove(tx, *entry);
  tx.commit();
  release(tx, *held);
  tx.commit();
  EXPECT_EQ(entry->references, 1u);
  EXPECT_GT(heap_statistics(tx).used_bytes, with) << "the record, too";
  release(tx, *held);
  tx.commit();
  EXPECT_EQ(heap_statistics(tx).used_bytes, without);
}

TEST_F(ShmStructures, PlacesAreTakenEnteredAndGivenBack) {
  auto first = claim(*zone, 7);
  auto second = claim(*zone, 7);
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  EXPECT_EQ(zone->processes()[*first].generation, 7u);
  EXPECT_TRUE(settle(*zone, *first));
  EXPECT_EQ(zone->processes()[*first].pid, 0u);
  EXPECT_FALSE(enter(*zone, *first)) << "it is nobody's";
  for (int i = 0; i < kMaxProcesses - 2; ++i) { EXPECT_TRUE(claim(*zone, 8)); }
  EXPECT_FALSE(claim(*zone, 8)) << "all are taken";
}

// The child of a child outlives its parent, holds something, and dies: nobody is left that knows its place.
TEST_F(ShmStructures, PlacesOfTheGoneAreSwept) {
  put("a");
  uint16_t place = *claim(*zone, 3);
  pid_t child = fork();
  if (child == 0) {
    enter(*zone, place);
    Transaction tx(shard());
    hold(tx, *sample::find(tx, "a"));
    tx.commit();
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  {
    Transaction tx(shard());
    EXPECT_EQ(sample::find(tx, "a")->references, 1u);
  }
  EXPECT_TRUE(sweep(*zone));
  EXPECT_EQ(zone->processes()[place].pid, 0u);
  EXPECT_NE(zone->processes()[zone->slot()].pid, 0u) << "this process lives";
  Transaction tx(shard());
  EXPECT_EQ(sample::find(tx, "a")->references, 0u);
}

int64_t reading(Zone& zone, string_view name) {
  for (const Reading& reading : read_counters(zone)) {
    if (reading.name == name) { return reading.value; }
  }
  return -1;
}

TEST_F(ShmStructures, CountersAddUpAndTotalsOutliveTheirProcess) {
  Counter requests = open_counter(*zone, "requests", CounterKind::total);
  Counter active = open_counter(*zone, "active", CounterKind::gauge);
  requests.add(5);
  active.add(2);
  active.subtract();
  uint16_t place = *claim(*zone, 1);
  pid_t child = fork();
  if (child == 0) {
    enter(*zone, place);
    open_counter(*zone, "requests", CounterKind::total).add(3);
    open_counter(*zone, "active", CounterKind::gauge).add(4);
    open_counter(*zone, "late", CounterKind::total).add(1);
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  EXPECT_EQ(reading(*zone, "requests"), 8);
  EXPECT_EQ(reading(*zone, "active"), 5);
  EXPECT_TRUE(settle(*zone, place));
  EXPECT_EQ(reading(*zone, "requests"), 8);
  EXPECT_EQ(reading(*zone, "active"), 1);
  EXPECT_EQ(reading(*zone, "late"), 1);
  EXPECT_TRUE(settle(*zone, place)) << "twice is once";
  EXPECT_EQ(reading(*zone, "requests"), 8);
}

TEST_F(ShmStructures, CountersBeyondTheTableCountNowhere) {
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(open_counter(*zone, std::to_string(i), CounterKind::total).real());
  }
  Counter none = open_counter(*zone, "one more", CounterKind::total);
  EXPECT_FALSE(none.real());
  none.add();
  EXPECT_TRUE(open_counter(*zone, "3", CounterKind::total).real()) << "those that are there are found";
}

TEST_F(ShmStructures, NothingNestsAndNothingOverflows) {
  GTEST_FLAG_SET(death_test_style, "fast");
  Transaction tx(shard());
  EXPECT_DEATH(Transaction again(shard()), "inside another");
  uint64_t& word = sample::put(tx, "a", 1)->value;
  auto endless = [&] {
    while (true) { tx.set(word, word + 1); }
  };
  EXPECT_DEATH(endless(), "has no end");
}

// The checker must see what it is there for.
TEST_F(ShmStructures, TheCheckerFindsDamage) {
  put("a");
  put("b");
  auto damaged = [&](auto harm) {
    Transaction tx(shard());
    harm(tx);
    tx.commit();
  };
  auto found = [&] { return sample::problems(*zone); };
  void* lost = nullptr;
  damaged([&](Transaction& tx) { lost = allocate(tx, 5000); });
  EXPECT_NE(found().find("1 blocks are in use, but nobody reaches them"), std::string::npos) << found();
  damaged([&](Transaction& tx) { deallocate(tx, lost); });
  damaged([&](Transaction& tx) { tx.set(sample::find(tx, "a")->references, 3); });
  EXPECT_NE(found().find("an object counts 3 references, but there are 0"), std::string::npos) << found();
  damaged([&](Transaction& tx) { tx.set(sample::find(tx, "a")->references, 0); });
  damaged([&](Transaction& tx) { deallocate(tx, sample::find(tx, "a")); });
  EXPECT_NE(found().find("no block in use is reached"), std::string::npos) << found();
  damaged([&](Transaction& tx) { EXPECT_NE(allocate(tx, sizeof(Entry) + 1), nullptr); });
  HeapHead& heap = shard().head().heap;
  ++heap.free_pages;
  EXPECT_NE(found().find("free pages are miscounted"), std::string::npos) << found();
  --heap.free_pages;
  ++heap.objects[1];
  EXPECT_NE(found().find("objects are miscounted"), std::string::npos) << found();
  --heap.objects[1];
  std::swap(heap.bins[0], heap.bins[3]);
  std::swap(heap.bins[5], heap.bins[4]);
  EXPECT_NE(found().find("free run"), std::string::npos) << found();
  std::swap(heap.bins[5], heap.bins[4]);
  std::swap(heap.bins[0], heap.bins[3]);
  shard().head().journal.count = 1;
  EXPECT_NE(found().find("half done"), std::string::npos) << found();
  shard().head().journal.count = 0;
  EXPECT_EQ(found(), "");
}

}  // namespace
}  // namespace sluice::shm
