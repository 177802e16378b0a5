// Intrusive hash table in shared memory, in the memory of one shard. The caller gives 64-bit hashes: keyed
// ones when a client chooses the key, the same in all processes and binaries that share the zone, or its
// layout version must change with the key. The buckets are made once and never grow: how many entries fit
// follows from the size of the zone, and buckets that are never used take no memory.
//
//   struct Entry : TableNode { string_view key() const; … };
#pragma once

#include <bit>
#include <string_view>

#include "shm/heap.h"

namespace sluice::shm {

struct alignas(8) TableNode {
  Offset<TableNode> next;
  uint32_t hash;  // the lower half; the upper one chose the shard
};

// Lies in shared memory.
template <class T>
class Table {
 public:
  // In Kind::prepare only, because buckets are taken to be zero: as many as entries of this size fit into the
  // shard. False when there is no memory. 18 words.
  bool prepare(Transaction& tx, size_t bytes_per_entry) {
    size_t entries = free_pages(tx) * kPage / (block_size(bytes_per_entry) + sizeof(Bucket));
    uint32_t buckets = static_cast<uint32_t>(std::bit_floor(entries < 16 ? 16 : entries));
    auto* made = static_cast<Bucket*>(allocate(tx, buckets * sizeof(Bucket)));
    if (made == nullptr) { return false; }
    tx.set(buckets_, tx.offset(made));
    tx.set(mask_, buckets - 1);
    return true;
  }

  uint32_t size() const { return count_; }

  T* find(Transaction& tx, uint64_t hash, std::string_view key) {
    uint32_t wanted = static_cast<uint32_t>(hash);
    for (TableNode* node = tx.at(bucket(tx, wanted)); node != nullptr; node = tx.at(node->next)) {
      if (node->hash == wanted && static_cast<T*>(node)->key() == key) { return static_cast<T*>(node); }
    }
    return nullptr;
  }
  // 2 words. The entry is fresh, and none of its key is there.
  void insert(Transaction& tx, T* entry, uint64_t hash) {
    TableNode& node = *entry;
    node.hash = static_cast<uint32_t>(hash);
    Bucket& bucket = this->bucket(tx, node.hash);
    node.next = bucket;
    tx.set(bucket, tx.offset(&node));
    tx.set(count_, count_ + 1);
  }
  // 2 words.
  void remove(Transaction& tx, T* entry) {
    TableNode* node = entry;
    Bucket* from = &bucket(tx, node->hash);
    while (tx.at(*from) != node) { from = &tx.at(*from)->next; }
    tx.set(*from, node->next);
    tx.set(count_, count_ - 1);
  }

  // For the checker and for people: visits every entry. False when something is wrong with it.
  template <class Visit>
  bool walk(Transaction& tx, Visit visit) {
    uint32_t left = count_;
    for (uint32_t i = 0; i <= mask_; ++i) {
      for (TableNode* node = tx.at(tx.at(buckets_)[i]); node != nullptr; node = tx.at(node->next)) {
        if (left-- == 0 || (node->hash & mask_) != i) { return false; }
        visit(*static_cast<T*>(node));
      }
    }
    return left == 0;
  }
  const void* block(Transaction& tx) const { return tx.at(buckets_); }

 private:
  using Bucket = Offset<TableNode>;
  Bucket& bucket(Transaction& tx, uint32_t hash) { return tx.at(buckets_)[hash & mask_]; }

  alignas(8) Offset<Bucket> buckets_;
  uint32_t mask_;
  uint32_t count_;
};

}  // namespace sluice::shm
