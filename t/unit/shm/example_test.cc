// The worked example of src/shm/README.md, as it stands there.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "shm/heap.h"
#include "shm/list.h"
#include "shm/table.h"
#include "shm/zone.h"

namespace sluice {

using std::string_view;

namespace {

struct Node : shm::TableNode, shm::ListNode<> {  // in shared memory: plain data, no pointers
  uint64_t second;
  uint32_t count;
  uint32_t size;
  string_view key() const { return {reinterpret_cast<const char*>(this + 1), size}; }
};

struct Index {  // one for each shard
  shm::Table<Node> table;
  shm::List<Node> recent;
};

bool prepare(shm::Transaction& tx) {  // a fresh shard
  Index* index = shm::make<Index>(tx);
  if (index == nullptr || !index->table.prepare(tx, sizeof(Node) + 16)) { return false; }
  index->recent.prepare(tx);
  tx.set_root(index);
  return true;
}

const shm::Kind kind{"limit", 1, prepare};  // raise 1 whenever Node, Index, the key or its hash changes

Node* insert(shm::Transaction& tx, Index& index, string_view key, uint64_t hash) {
  Node* node = shm::make<Node>(tx, key.size());
  while (node == nullptr && !index.recent.empty(tx)) {  // full: the one not seen for longest goes
    Node* last = index.recent.back(tx);
    index.table.remove(tx, last);
    index.recent.remove(tx, last);
    shm::deallocate(tx, last);
    tx.commit();  // before the next block is asked for
    node = shm::make<Node>(tx, key.size());
  }
  if (node == nullptr) { return nullptr; }
  node->size = static_cast<uint32_t>(key.size());  // not reachable yet: plain stores will do
  memcpy(node + 1, key.data(), key.size());
  index.table.insert(tx, node, hash);
  index.recent.push_front(tx, node);
  return node;
}

// How often the key came this second, this time included; 0 when nobody can say, and then the request passes.
uint32_t came(shm::Zone& zone, string_view key, uint64_t second) {
  uint64_t hash = zone.hash(key);
  shm::Transaction tx(zone.shard_for(hash));
  if (!tx) { return 0; }
  Index& index = *tx.root<Index>();
  Node* node = index.table.find(tx, hash, key);
  if (node == nullptr) { node = insert(tx, index, key, hash); }
  if (node == nullptr) { return 0; }
  index.recent.move_to_front(tx, node);
  tx.set(node->count, node->second == second ? node->count + 1 : 1);
  tx.set(node->second, second);
  tx.commit();
  return node->count;
}

TEST(ShmExample, CountsAndForgets) {
  auto zone = shm::Zone::create({&kind, "one", 65536});
  EXPECT_EQ(came(**zone, "a", 1), 1u);
  EXPECT_EQ(came(**zone, "a", 1), 2u);
  EXPECT_EQ(came(**zone, "b", 1), 1u);
  EXPECT_EQ(came(**zone, "a", 2), 1u);
  for (int i = 0; i < 10000; ++i) { ASSERT_EQ(came(**zone, std::to_string(i), 2), 1u); }
  EXPECT_EQ(came(**zone, "9999", 2), 2u);
  EXPECT_EQ(came(**zone, "a", 2), 1u) << "its place was needed";
}

}  // namespace
}  // namespace sluice
