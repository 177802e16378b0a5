// Who uses a zone, and what each of them holds in it. Nothing that a process pinned or counted stays so after
// its death: a hold is a record in the list of its process, made in the same transaction as the object's
// count, and the master gives back what is in the list of a dead one.
//
// An object that can be held derives from Held. It is freed when it has been discarded (taken out of its
// table by whoever removes it) and nobody holds it any more, whichever comes last.
#pragma once

#include <optional>

#include "shm/list.h"
#include "shm/zone.h"

namespace sluice::shm {

// At the start of its block, unless Kind::dispose knows better.
struct alignas(8) Held {
  uint32_t references;
  uint32_t discarded;
};

// A process's holds of one object; several count as one record. Lives in shared memory; its process keeps the
// pointer.
struct Hold : ListNode<> {
  Offset<Held> object;
  uint32_t count;
  uint16_t slot;
};

// Holds the object for this process, which must have entered the zone. Null when there is no memory for the
// record. 20 words.
Hold* hold(Transaction& tx, Held& object);
// Once more, and once less; the last one frees the record, which counts as giving a block back. 2 words, 19
// for the last one, and what Kind::dispose logs.
void hold_again(Transaction& tx, Hold& hold);
void release(Transaction& tx, Hold& hold);
// The object was taken out of whatever reached it. 1 word, or what Kind::dispose logs (by default 16).
void discard(Transaction& tx, Held& object);

// The master's part. A place is taken before the fork, entered by the child, and settled after the reap:
// holds are given back one by one and counters folded, so that whoever does it may die in the middle and
// another go on.
std::optional<uint16_t> claim(Zone& zone, uint32_t generation);
// False when the place is not the caller's or its parent's any more: it must not use the zone then.
bool enter(Zone& zone, uint16_t slot);
// False when a lock could not be had in time: try again later.
bool settle(Zone& zone, uint16_t slot);
// Settles the places of processes that are gone, whoever their master was: to be done when a binary starts.
bool sweep(Zone& zone);

}  // namespace sluice::shm
