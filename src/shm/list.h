// Intrusive doubly linked list in shared memory: an LRU order, a queue. Like base/list, but by offsets,
// through a transaction, and a list never owns its members. An object in several lists derives from ListNode
// once per tag.
#pragma once

#include "shm/transaction.h"

namespace sluice::shm {

template <class Tag = void>
struct ListNode : Links {};

// Lies in shared memory. A ring through the list itself, so that no end is special.
template <class T, class Tag = void>
class List {
  using Node = ListNode<Tag>;

 public:
  // On a fresh list, before anything else. 1 word.
  void prepare(Transaction& tx) { tx.set(ends_, {tx.offset(&ends_), tx.offset(&ends_)}); }

  bool empty(Transaction& tx) const { return tx.at(ends_.next) == &ends_; }
  T* front(Transaction& tx) { return item(tx.at(ends_.next)); }
  T* back(Transaction& tx) { return item(tx.at(ends_.previous)); }
  // Null after the last one.
  T* next(Transaction& tx, T* of) { return item(tx.at(links(of).next)); }
  T* previous(Transaction& tx, T* of) { return item(tx.at(links(of).previous)); }

  // 3 words. It must be in no list of this tag.
  void push_front(Transaction& tx, T* item) { insert(tx, ends_, links(item)); }
  void push_back(Transaction& tx, T* item) { insert(tx, *tx.at(ends_.previous), links(item)); }
  // 2 words. Afterwards its links mean nothing.
  static void remove(Transaction& tx, T* item) { unlink(tx, links(item)); }
  // 5 words, none when it is there already.
  void move_to_front(Transaction& tx, T* item) {
    if (tx.at(ends_.next) == &links(item)) { return; }
    unlink(tx, links(item));
    insert(tx, ends_, links(item));
  }

  // Whether the ring is whole; visits each member. For the checker, so it survives what is not.
  template <class Visit>
  bool walk(Transaction& tx, size_t most, Visit visit) {
    Links* before = &ends_;
    for (Links* at = tx.at(ends_.next); at != &ends_; at = tx.at(at->next)) {
      if (at == nullptr || most-- == 0 || tx.at(at->previous) != before) { return false; }
      visit(*item(at));
      before = at;
    }
    return tx.at(ends_.previous) == before;
  }

 private:
  static Links& links(T* item) { return *static_cast<Node*>(item); }
  T* item(Links* at) { return at == &ends_ ? nullptr : static_cast<T*>(static_cast<Node*>(at)); }
  static void insert(Transaction& tx, Links& after, Links& links) {
    Links& before = *tx.at(after.next);
    tx.set(links, {tx.offset(&after), after.next});
    tx.set(after.next, tx.offset(&links));
    tx.set(before.previous, tx.offset(&links));
  }
  static void unlink(Transaction& tx, Links& links) {
    tx.set(tx.at(links.previous)->next, links.next);
    tx.set(tx.at(links.next)->previous, links.previous);
  }

  Links ends_;
};

}  // namespace sluice::shm
