// Everything that lies in a zone and is not its user's:
//
//   page 0          ZoneHeader
//   page 1          the processes: kMaxProcesses ProcessRecords; guarded by shard 0
//   then, each      ShardHead, a Page for each page of the shard, and the pages themselves
//   shard
//
// Sections never span shards. A change to anything here is a change of kFormat: another binary that maps the
// same memory must see that it does not know it.
#pragma once

#include "base/hash.h"
#include "shm/journal.h"
#include "shm/lock.h"
#include "shm/offset.h"

namespace sluice::shm {

constexpr uint32_t kFormat = 1;
constexpr char kMagic[8] = {'s', 'l', 'u', 'i', 'c', 'e', 'z', '\n'};
constexpr size_t kPage = 4096;
// Workers of all generations that live at the same time, their masters, and the managers.
constexpr uint16_t kMaxProcesses = 256;
constexpr uint16_t kNoSlot = 0xffff;
constexpr size_t kMaxKindName = 31;
constexpr size_t kMaxZoneName = 255;

struct ZoneHeader {
  char magic[8];
  uint32_t format;
  uint32_t layout_version;  // of the kind
  uint64_t size;
  uint32_t shards;
  uint32_t shard_head_size;  // depends on the C library's mutex
  char kind[kMaxKindName + 1];
  char name[kMaxZoneName + 1];
  HashKey hash_key;
  uint64_t ready;  // not zero: whoever made it has finished
};
static_assert(sizeof(ZoneHeader) <= kPage);

// A process that uses the zone. Free when `pid` is 0.
struct ProcessRecord {
  uint32_t pid;
  uint32_t generation;
  uint64_t started;  // tells it from a later process with the same pid; see process.h
};
static_assert(sizeof(ProcessRecord) * kMaxProcesses <= kPage);

// -- the heap
// ----------------------------------------------------------------------------------------------------

constexpr uint16_t kClassSizes[] = {32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1360, 2048};
constexpr uint32_t kClasses = sizeof(kClassSizes) / sizeof(kClassSizes[0]);
constexpr uint32_t kBins = 24;  // runs of 2^i pages and more, up to 32 GB

enum class PageState : uint8_t {
  reserved,  // holds the shard's own head
  free,      // first page of a free run
  free_end,  // last page of a free run, when that is another page
  slab,      // objects of one size class
  run,       // first page of a block of whole pages
  run_end,   // last page of it, when that is another page
};

struct PageUse {
  uint32_t length;  // of the run, in pages, in its first and last page
  PageState state;
  uint8_t size_class;
  uint16_t unused;
};

struct PageLinks {
  uint32_t previous, next;  // indices of pages; 0 is none, because page 0 is the head's
};

// What is known about a page, kept apart from it. Only the first and the last page of a run are kept up to
// date: nobody looks inside.
struct Page {
  uint64_t free[2];  // slab: a bit for each free object
  PageLinks links;   // slab with room: its class's; free run: its bin's
  PageUse use;
};
static_assert(sizeof(Page) == 32);

struct HeapHead {
  uint32_t partial[kClasses];  // slabs with some room and some use
  uint32_t spare[kClasses];    // one slab all free, so that a class does not take and return a page in turns
  uint32_t objects[kClasses];
  uint32_t bins[kBins];
  uint32_t free_pages;
};

// -- the shard
// ---------------------------------------------------------------------------------------------------

struct Counters;

struct ShardHead {
  Lock lock;
  Offset<void> root;          // the user's
  Offset<Counters> counters;  // shard 0: see counter.h
  HeapHead heap;
  Journal journal;
  Links holds[kMaxProcesses];  // what each process holds here: see ledger.h
};
static_assert(sizeof(ShardHead) % alignof(Page) == 0);

}  // namespace sluice::shm
