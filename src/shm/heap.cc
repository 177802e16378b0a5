#include "shm/heap.h"

#include <array>
#include <bit>
#include <cstdlib>

#include "base/log.h"

namespace sluice::shm {

namespace {

constexpr size_t kLargestObject = kClassSizes[kClasses - 1];
constexpr size_t kStep = 16;

// The class for sizes up to 16, 32, 48 …
constexpr auto kClassOf = [] {
  std::array<uint8_t, kLargestObject / kStep + 1> classes{};
  uint8_t at = 0;
  for (size_t i = 0; i < classes.size(); ++i) {
    while (kClassSizes[at] < i * kStep) { ++at; }
    classes[i] = at;
  }
  return classes;
}();

constexpr uint32_t class_of(size_t size) { return kClassOf[(size + kStep - 1) / kStep]; }

struct Full {
  uint64_t bits[2];
  // Division by multiplication: exact for multiples of the size below a page, because size * kMagic is at
  // most 65536 + size, and the excess of 4096 / size such steps stays below 65536.
  uint32_t magic;
};

// All objects of a slab free, by class.
constexpr auto kFull = [] {
  std::array<Full, kClasses> full{};
  for (uint32_t i = 0; i < kClasses; ++i) {
    size_t count = kPage / kClassSizes[i];
    for (size_t bit = 0; bit < count; ++bit) { full[i].bits[bit / 64] |= uint64_t{1} << bit % 64; }
    full[i].magic = static_cast<uint32_t>((65536 + kClassSizes[i] - 1) / kClassSizes[i]);
  }
  return full;
}();

// No run has no pages, but the compiler cannot know.
constexpr uint32_t bin_of(uint32_t length) { return static_cast<uint32_t>(std::bit_width(length | 1)) - 1; }
constexpr uint32_t pages_for(size_t size) { return static_cast<uint32_t>((size + kPage - 1) / kPage); }

[[noreturn]] void refuse(const char* what) {
  log::alert(0, "shared memory: %s", what);
  abort();
}

class Heap {
 public:
  explicit Heap(Transaction& tx)
      : tx_(tx), shard_(tx.shard()), head_(shard_.head().heap), pages_(shard_.pages()) {}

  void* object(uint32_t size_class);
  void* run(uint32_t length);
  void deallocate(char* block);

 private:
  char* address(uint32_t page) const { return shard_.start() + size_t{page} * kPage; }

  // Lists of pages, doubly linked without a ring. 3 and 2 words.
  void push(uint32_t& list, uint32_t page);
  void unlink(uint32_t& list, uint32_t page);

  uint32_t& bin(uint32_t page) { return head_.bins[bin_of(pages_[page].use.length)]; }
  uint32_t fitting(uint32_t length) const;
  uint32_t first_fit(uint32_t bin, uint32_t length, uint32_t most) const;
  uint32_t take(uint32_t length);
  uint32_t take_or_dissolve(uint32_t length);
  void put(uint32_t start, uint32_t length);
  void give_back(uint32_t start, uint32_t length);
  uint32_t slab_with_room(uint32_t size_class);
  void free_object(uint32_t page, size_t inside);
  void retire(uint32_t page);

  Transaction& tx_;
  Shard& shard_;
  HeapHead& head_;
  Page* pages_;
};

void Heap::push(uint32_t& list, uint32_t page) {
  if (list != 0) { tx_.set(pages_[list].links.previous, page); }
  tx_.set(pages_[page].links, {0, list});
  tx_.set(list, page);
}

void Heap::unlink(uint32_t& list, uint32_t page) {
  PageLinks links = pages_[page].links;
  if (links.next != 0) { tx_.set(pages_[links.next].links.previous, links.previous); }
  tx_.set(links.previous != 0 ? pages_[links.previous].links.next : list, links.next);
}

// -- runs of pages
// -----------------------------------------------------------------------------------------------

uint32_t Heap::first_fit(uint32_t bin, uint32_t length, uint32_t most) const {
  uint32_t page = head_.bins[bin];
  while (page != 0 && pages_[page].use.length < length && most-- > 0) { page = pages_[page].links.next; }
  return page != 0 && pages_[page].use.length >= length ? page : 0;
}

// Runs of the same power of two may be too short, those of the next never are: so few of the former are
// looked at, unless there is nothing else.
uint32_t Heap::fitting(uint32_t length) const {
  uint32_t bin = bin_of(length);
  uint32_t page = first_fit(bin, length, 8);
  for (uint32_t above = bin + 1; page == 0 && above < kBins; ++above) { page = head_.bins[above]; }
  return page != 0 ? page : first_fit(bin, length, 128);
}

// 2 words.
void mark(Transaction& tx, Page* pages, uint32_t start, uint32_t length, PageState first, PageState last) {
  tx.set(pages[start].use, {length, first, 0, 0});
  if (length > 1) { tx.set(pages[start + length - 1].use, {length, last, 0, 0}); }
}

// 5 words.
void Heap::put(uint32_t start, uint32_t length) {
  mark(tx_, pages_, start, length, PageState::free, PageState::free_end);
  push(bin(start), start);
}

// 8 words. Its pages are not marked yet.
uint32_t Heap::take(uint32_t length) {
  uint32_t start = fitting(length);
  if (start == 0) { return 0; }
  uint32_t found = pages_[start].use.length;
  unlink(bin(start), start);
  if (found > length) { put(start + length, found - length); }
  tx_.set(head_.free_pages, head_.free_pages - length);
  return start;
}

// 11 words.
void Heap::give_back(uint32_t start, uint32_t length) {
  tx_.set(head_.free_pages, head_.free_pages + length);
  const PageUse before = pages_[start - 1].use;
  if (before.state == PageState::free || before.state == PageState::free_end) {
    tx_.set(pages_[start].use, {});  // so that giving it back twice is noticed
    start -= before.length;
    unlink(bin(start), start);
    length += before.length;
  }
  uint32_t after = start + length;
  if (after < shard_.page_count() && pages_[after].use.state == PageState::free) {
    unlink(bin(after), after);
    length += pages_[after].use.length;
  }
  put(start, length);
}

// Spare slabs are dissolved when nothing else is left.
uint32_t Heap::take_or_dissolve(uint32_t length) {
  constexpr uint32_t kNeeded = 64;  // for this, and for what the caller still has to log
  uint32_t start = take(length);
  for (uint32_t i = 0; start == 0 && i < kClasses && tx_.room() >= kNeeded; ++i) {
    uint32_t spare = head_.spare[i];
    if (spare == 0) { continue; }
    tx_.set(head_.spare[i], 0);
    give_back(spare, 1);
    start = take(length);
  }
  return start;
}

void* Heap::run(uint32_t length) {
  if (length > shard_.page_count()) { return nullptr; }
  uint32_t start = take_or_dissolve(length);
  if (start == 0) { return nullptr; }
  mark(tx_, pages_, start, length, PageState::run, PageState::run_end);
  return address(start);
}

// -- objects
// -----------------------------------------------------------------------------------------------------

// 13 words.
uint32_t Heap::slab_with_room(uint32_t size_class) {
  uint32_t page = head_.partial[size_class];
  if (page != 0) { return page; }
  page = head_.spare[size_class];
  if (page != 0) {
    tx_.set(head_.spare[size_class], 0);
  } else {
    page = take_or_dissolve(1);
    if (page == 0) { return 0; }
    tx_.set(pages_[page].use, {1, PageState::slab, static_cast<uint8_t>(size_class), 0});
    tx_.set(pages_[page].free[0], kFull[size_class].bits[0]);
    tx_.set(pages_[page].free[1], kFull[size_class].bits[1]);
  }
  push(head_.partial[size_class], page);
  return page;
}

void* Heap::object(uint32_t size_class) {
  uint32_t at = slab_with_room(size_class);
  if (at == 0) { return nullptr; }
  Page& page = pages_[at];
  uint32_t word = page.free[0] != 0 ? 0 : 1;
  uint32_t bit = static_cast<uint32_t>(std::countr_zero(page.free[word]));
  tx_.set(page.free[word], page.free[word] & (page.free[word] - 1));
  if ((page.free[0] | page.free[1]) == 0) { unlink(head_.partial[size_class], at); }
  tx_.set(head_.objects[size_class], head_.objects[size_class] + 1);
  return address(at) + (size_t{word} * 64 + bit) * kClassSizes[size_class];
}

// A slab whose last object went: kept if the class has no spare one. 13 words.
void Heap::retire(uint32_t page) {
  uint32_t size_class = pages_[page].use.size_class;
  unlink(head_.partial[size_class], page);
  if (head_.spare[size_class] == 0) {
    tx_.set(head_.spare[size_class], page);
  } else {
    give_back(page, 1);
  }
}

void Heap::free_object(uint32_t at, size_t inside) {
  Page& page = pages_[at];
  uint32_t size_class = page.use.size_class;
  size_t index = inside * kFull[size_class].magic >> 16;
  uint64_t bit = uint64_t{1} << index % 64;
  if (index * kClassSizes[size_class] != inside || (page.free[index / 64] & bit) != 0) {
    refuse("a block was given back twice");
  }
  bool was_full = (page.free[0] | page.free[1]) == 0;
  tx_.set(page.free[index / 64], page.free[index / 64] | bit);
  tx_.set(head_.objects[size_class], head_.objects[size_class] - 1);
  if (was_full) {
    push(head_.partial[size_class], at);
  } else if (page.free[0] == kFull[size_class].bits[0] && page.free[1] == kFull[size_class].bits[1]) {
    retire(at);
  }
}

void Heap::deallocate(char* block) {
  size_t inside = static_cast<size_t>(block - shard_.start());
  size_t page = inside / kPage;
  if (block < shard_.start() || page < shard_.first_page() || page >= shard_.page_count()) {
    refuse("a block was given back to another shard");
  }
  const PageUse use = pages_[page].use;
  if (use.state == PageState::slab) {
    free_object(static_cast<uint32_t>(page), inside % kPage);
  } else if (use.state == PageState::run && inside % kPage == 0) {
    give_back(static_cast<uint32_t>(page), use.length);
  } else {
    refuse("a block was given back twice");
  }
}

}  // namespace

void* allocate(Transaction& tx, size_t size) {
  if (tx.gave_back()) {
    refuse("a block was asked for after another was given back, without a commit between");
  }
  return size <= kLargestObject ? Heap(tx).object(class_of(size)) : Heap(tx).run(pages_for(size));
}

void deallocate(Transaction& tx, void* block) {
  Heap(tx).deallocate(static_cast<char*>(block));
  tx.note_given_back();
}

size_t block_size(size_t size) {
  return size <= kLargestObject ? kClassSizes[class_of(size)] : pages_for(size) * kPage;
}

HeapStatistics heap_statistics(Transaction& tx) {
  const Shard& shard = tx.shard();
  HeapStatistics statistics;
  statistics.pages = shard.page_count() - shard.first_page();
  statistics.free_pages = shard.head().heap.free_pages;
  for (uint32_t i = 0; i < kClasses; ++i) {
    statistics.objects[i] = shard.head().heap.objects[i];
    statistics.used_bytes += size_t{statistics.objects[i]} * kClassSizes[i];
  }
  for (uint32_t page = shard.first_page(); page < shard.page_count();) {
    const PageUse use = shard.pages()[page].use;
    if (use.state == PageState::run) {
      ++statistics.runs;
      statistics.used_bytes += size_t{use.length} * kPage;
    }
    page += use.length != 0 ? use.length : 1;
  }
  return statistics;
}

void prepare_heap(Shard& shard) {
  HeapHead& head = shard.head().heap;
  uint32_t start = shard.first_page();
  uint32_t length = shard.page_count() - start;
  shard.pages()[start - 1].use = {1, PageState::reserved, 0, 0};
  shard.pages()[start].use = {length, PageState::free, 0, 0};
  if (length > 1) { shard.pages()[start + length - 1].use = {length, PageState::free_end, 0, 0}; }
  head.bins[bin_of(length)] = start;
  head.free_pages = length;
}

}  // namespace sluice::shm
