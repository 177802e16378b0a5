// Walks a zone and says what is wrong with it: each page is accounted for, each block is reached by exactly
// those who should, lists are whole, counts are right, no lock is held and no section is half done. For tests
// and for tools; it holds each shard's lock while it looks, so not for a busy server.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "shm/ledger.h"
#include "shm/zone.h"

namespace sluice::shm {

// What Kind::reach tells the checker about a shard.
class Reach {
 public:
  // A block in use: each must be shown once, and only blocks.
  void block(const void* at);
  // The number of references is right when the ledger's holds add up to it. Shows no block.
  void held(const Held& object);
  // Objects that were discarded but are held still; their own blocks are shown already, whatever else belongs
  // to them is for the kind to show.
  const std::vector<Held*>& discarded() const { return discarded_; }
  void wrong(std::string what);

 private:
  friend class Checker;
  std::unordered_map<const void*, uint32_t> blocks_;  // how often each was shown
  std::unordered_map<const Held*, uint64_t> holds_;
  std::vector<Held*> discarded_;
  std::vector<std::string> findings_;
};

// Empty when all is well.
std::vector<std::string> check(Zone& zone);

}  // namespace sluice::shm
