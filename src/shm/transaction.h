// A critical section on one shard, all or nothing: whatever it changed through set() holds after commit(),
// and is as before when it ends without one, whether by return or because the process died at any
// instruction.
//
//   Transaction tx(shard);
//   if (!tx) { … }            // busy: somebody stopped holds the lock; do without
//   tx.set(node.hits, node.hits + 1);
//   tx.commit();
//
// Rules:
//  - Stores to what others can reach go through set(). A fresh object may be filled by plain stores until
//  set() makes
//    it reachable; nothing else may.
//  - After a block was given back, nothing is allocated until commit(): a plain store to the fresh block
//  would spoil what
//    a rollback brings back. allocate() aborts then.
//  - At most Journal::kCapacity stores between two commits. Each operation says how many it makes; loops
//  commit after
//    each round.
//  - One at a time per process, short, never across I/O, an await or a fork.
#pragma once

#include <chrono>
#include <type_traits>

#include "shm/shard.h"

namespace sluice::shm {

// A section that waits longer than this is refused. Well above what a busy machine makes of a short section,
// well below what a client notices.
constexpr std::chrono::milliseconds kPatience{50};

class Transaction {
 public:
  explicit Transaction(Shard& shard, std::chrono::milliseconds patience = kPatience);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  // Whether the lock was had. When not, nothing else may be asked.
  explicit operator bool() const { return journal_ != nullptr; }

  // One logged word.
  template <class T>
  void set(T& field, const std::type_identity_t<T>& value) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(uint64_t));
    if (count_ == Journal::kCapacity) [[unlikely]] { overflow(); }
    journal_->add(count_++, static_cast<uint64_t>(reinterpret_cast<char*>(&field) - base_), &field,
                  sizeof(T));
    field = value;
  }
  // Makes it so. The lock is kept until the end, so that a loop may commit round by round.
  void commit();
  void roll_back();
  // How many more words may be logged.
  uint32_t room() const { return Journal::kCapacity - count_; }

  template <class T>
  T* at(Offset<T> offset) const {
    return offset.in(base_);
  }
  template <class T>
  Offset<T> offset(const T* object) const {
    return Offset<T>::of(base_, object);
  }
  Shard& shard() const { return shard_; }
  Zone& zone() const { return shard_.zone(); }

  // The user's entry into the shard, set in Kind::prepare; null before that.
  template <class T>
  T* root() const {
    return static_cast<T*>(at(shard_.head().root));
  }
  template <class T>
  void set_root(T* root) {
    set(shard_.head().root, Offset<void>::of(base_, root));
  }

  // For the heap: whether a block was given back since the last commit.
  bool gave_back() const { return gave_back_; }
  void note_given_back() { gave_back_ = true; }

 private:
  [[noreturn]] static void overflow();

  Journal* journal_ = nullptr;
  char* base_;
  uint32_t count_ = 0;
  bool gave_back_ = false;
  Shard& shard_;
};

}  // namespace sluice::shm
