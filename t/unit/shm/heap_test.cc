#include "shm/heap.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "sample.h"

namespace sluice::shm {
namespace {

std::unique_ptr<Zone> bare_zone(size_t size) {
  static const Kind kind{"bare", 1, nullptr};
  auto zone = Zone::create({&kind, "heap", size, 1});
  return zone ? std::move(*zone) : nullptr;
}

// The checker does not look for lost blocks in a kind that shows none.
std::string problems(Zone& zone) { return sample::problems(zone); }

TEST(ShmHeap, SizesAreRoundedUpToClassesAndPages) {
  EXPECT_EQ(block_size(1), 32u);
  EXPECT_EQ(block_size(32), 32u);
  EXPECT_EQ(block_size(33), 48u);
  EXPECT_EQ(block_size(1361), 2048u);
  EXPECT_EQ(block_size(2049), 4096u);
  EXPECT_EQ(block_size(4097), 8192u);
}

TEST(ShmHeap, ABlockGivenBackIsUsedAgain) {
  auto zone = bare_zone(65536);
  Transaction tx(zone->shard(0));
  void* first = allocate(tx, 100);
  tx.commit();
  deallocate(tx, first);
  tx.commit();
  EXPECT_EQ(allocate(tx, 100), first);
}

TEST(ShmHeap, AFullHeapSaysSoAndWorksAgainLater) {
  auto zone = bare_zone(65536);
  for (size_t size : {32u, 100u, 2048u, 4096u, 9000u}) {
    std::vector<void*> blocks;
    Transaction tx(zone->shard(0));
    size_t room = free_pages(tx);
    while (void* block = allocate(tx, size)) {
      blocks.push_back(block);
      tx.commit();
    }
    EXPECT_GE(blocks.size() * block_size(size), room * kPage * 9 / 10 - block_size(size)) << size;
    for (void* block : blocks) {
      deallocate(tx, block);
      tx.commit();
    }
  }
  EXPECT_EQ(problems(*zone), "");
}

TEST(ShmHeap, UnusedSlabsAreDissolvedWhenPagesAreWanted) {
  auto zone = bare_zone(65536);
  Transaction tx(zone->shard(0));
  size_t pages = free_pages(tx);
  std::vector<void*> blocks;
  for (uint16_t size : kClassSizes) {
    if (void* block = allocate(tx, size)) { blocks.push_back(block); }
    tx.commit();
  }
  for (void* block : blocks) {
    deallocate(tx, block);
    tx.commit();
  }
  EXPECT_LT(free_pages(tx), pages);
  EXPECT_NE(allocate(tx, pages * kPage), nullptr) << "all of it in one piece";
}

TEST(ShmHeap, RandomUseKeepsBlocksApartAndLosesNothing) {
  auto zone = bare_zone(1 << 20);
  std::mt19937 random(7);
  std::map<char*, size_t> blocks;
  size_t pages = 0;
  for (int i = 0; i < 200000; ++i) {
    Transaction tx(zone->shard(0));
    if (i == 0) { pages = free_pages(tx); }
    if (random() % 2 == 0 || blocks.empty()) {
      size_t size = random() % 8 == 0 ? random() % 30000 + 1 : random() % 600 + 1;
      char* block = static_cast<char*>(allocate(tx, size));
      if (block != nullptr && random() % 4 != 0) {
        auto next = blocks.lower_bound(block);
        ASSERT_TRUE(next == blocks.end() || block + block_size(size) <= next->first);
        ASSERT_TRUE(next == blocks.begin() || std::prev(next)->first + std::prev(next)->second <= block);
        ASSERT_EQ(reinterpret_cast<uintptr_t>(block) % 16, 0u);
        blocks[block] = block_size(size);
        tx.commit();
      }  // else it is undone
    } else {
      auto any = blocks.lower_bound(blocks.begin()->first + random() % (1 << 20));
      if (any == blocks.end()) { any = blocks.begin(); }
      deallocate(tx, any->first);
      if (random() % 4 != 0) {
        tx.commit();
        blocks.erase(any);
      }
    }
  }
  EXPECT_EQ(problems(*zone), "");
  Transaction tx(zone->shard(0));
  size_t used = 0;
  for (const auto& [block, size] : blocks) { used += size; }
  EXPECT_EQ(heap_statistics(tx).used_bytes, used);
  for (const auto& [block, size] : blocks) {
    deallocate(tx, block);
    tx.commit();
  }
  HeapStatistics empty = heap_statistics(tx);
  EXPECT_EQ(empty.used_bytes, 0u);
  EXPECT_EQ(empty.pages, pages);
  EXPECT_GE(empty.free_pages + kClasses, pages) << "but for a spare slab of each class";
}

TEST(ShmHeapDeathTest, MistakesAbort) {
  auto zone = bare_zone(65536);
  Transaction tx(zone->shard(0));
  void* small = allocate(tx, 32);
  void* run = allocate(tx, 8192);
  tx.commit();
  EXPECT_DEATH(deallocate(tx, static_cast<char*>(small) + 16), "given back twice");
  EXPECT_DEATH(deallocate(tx, static_cast<char*>(run) + 4096), "given back twice");
  EXPECT_DEATH(deallocate(tx, &zone), "another shard");
  deallocate(tx, small);
  EXPECT_DEATH(deallocate(tx, small), "given back twice");
  EXPECT_DEATH(allocate(tx, 32), "without a commit between");
  tx.commit();
  deallocate(tx, run);
  tx.commit();
  EXPECT_DEATH(deallocate(tx, run), "given back twice");
}

}  // namespace
}  // namespace sluice::shm
