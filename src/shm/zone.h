// A zone: named shared memory that every process maps, and that the next generation and the next binary go on
// using when they agree on what is in it. It is a memfd, sealed so that it never shrinks under a reader; it
// dies with the last process that has it. What a zone holds is its kind's business: one feature is one Kind.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shm/shard.h"

namespace sluice::shm {

class Transaction;
class Reach;
struct Held;

// What a feature says about its zones; a constant with static storage.
struct Kind {
  const char* name;
  // To be raised with every change to what lies in the zone: structures, keys, hash functions.
  uint32_t layout_version;
  // Makes the structures of a fresh shard and set_root()s them; false when they don't fit. Memory is all zero
  // then.
  bool (*prepare)(Transaction&);
  // Frees an object that was discarded and is held no longer: see ledger.h. Null when nothing is ever held.
  void (*dispose)(Transaction&, Held&) = nullptr;
  // Shows the checker each block that is in use: see check.h.
  void (*reach)(Transaction&, Reach&) = nullptr;
};

// A zone as the configuration wants it.
struct Spec {
  const Kind* kind;
  std::string name;
  size_t size;
  // More of them let more processes work at the same time, but each has memory of its own. 0: as many as suit
  // the size.
  uint32_t shards = 0;
};

class Zone {
 public:
  // Whether a zone of this size can be made: what is wrong, or empty.
  static std::string check(const Spec& spec);

  static Result<std::unique_ptr<Zone>> create(const Spec& spec);

  // Maps what another binary or an earlier generation made. `fd` is the zone's from then on; when it can't be
  // adopted the reason is told, and the fd is closed.
  struct Adoption {
    std::unique_ptr<Zone> zone;
    std::string refusal;  // "its size is 65536, not 131072"
  };
  static Adoption adopt(int fd, const Spec& spec);
  // Why a zone that is mapped already doesn't suit the specification; empty when it does.
  std::string mismatch(const Spec& spec) const;

  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;
  ~Zone();

  const Kind& kind() const { return *kind_; }
  std::string_view name() const { return header().name; }
  size_t size() const { return size_; }
  int fd() const { return fd_; }

  uint32_t shards() const { return static_cast<uint32_t>(shards_.size()); }
  Shard& shard(uint32_t index) { return shards_[index]; }
  // Where a key belongs. Uses the upper half of the hash; tables use the lower.
  Shard& shard_for(uint64_t hash) { return shards_[(hash >> 32) * shards_.size() >> 32]; }

  // For keys that a client chooses: the same in all processes and binaries for as long as the zone lives.
  uint64_t hash(std::string_view key) const { return keyed_hash(key, header().hash_key); }

  // This process's place among those that use the zone: see ledger.h.
  uint16_t slot() const { return slot_; }
  void set_slot(uint16_t slot) { slot_ = slot; }
  ProcessRecord* processes() const { return reinterpret_cast<ProcessRecord*>(base_ + kPage); }

 private:
  Zone(const Kind& kind, int fd, char* base, size_t size, uint32_t shards);
  const ZoneHeader& header() const { return *reinterpret_cast<const ZoneHeader*>(base_); }
  static Result<std::unique_ptr<Zone>> map(const Kind& kind, int fd, size_t size, uint32_t shards);
  bool prepare();
  friend class Shard;

  const Kind* kind_;
  int fd_;
  char* base_;
  size_t size_;
  uint16_t slot_ = kNoSlot;
  std::vector<Shard> shards_;
};

// Names as people write them: kind and name.
std::string title(const Spec& spec);

}  // namespace sluice::shm
