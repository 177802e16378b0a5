#include "shm/check.h"

#include <bit>
#include <unordered_set>

#include "base/text.h"
#include "shm/heap.h"

namespace sluice::shm {

namespace {

constexpr size_t kMostFindings = 50;  // a broken list may have many, and the first says it

}  // namespace

void Reach::block(const void* at) {
  auto found = blocks_.find(at);
  if (found == blocks_.end()) {
    wrong("something that is no block in use is reached");
  } else if (++found->second == 2) {
    wrong("a block is reached twice");
  }
}

void Reach::held(const Held& object) {
  auto found = holds_.find(&object);
  uint64_t holds = found == holds_.end() ? 0 : found->second;
  if (holds != object.references) {
    wrong(format("an object counts %u references, but there are %llu", object.references,
                 static_cast<unsigned long long>(holds)));
  }
}

void Reach::wrong(std::string what) {
  if (findings_.size() < kMostFindings) { findings_.push_back(std::move(what)); }
}

// One shard, under its lock.
class Checker {
 public:
  explicit Checker(Transaction& tx)
      : tx_(tx), shard_(tx.shard()), head_(shard_.head().heap), pages_(shard_.pages()) {}

  std::vector<std::string> run() {
    if (shard_.head().journal.count != 0) { reach_.wrong("a section is half done"); }
    walk_pages();
    check_bins();
    check_slabs();
    check_ledger();
    if (shard_.head().counters) { reach_.block(tx_.at(shard_.head().counters)); }
    if (tx_.zone().kind().reach != nullptr) {
      tx_.zone().kind().reach(tx_, reach_);
      check_lost();
    }
    return std::move(reach_.findings_);
  }

 private:
  using Pages = std::unordered_set<uint32_t>;

  void walk_pages();
  void slab(uint32_t page);
  Pages list(uint32_t first, const char* what);
  void check_bins();
  void check_slabs();
  void check_ledger();
  void check_lost();
  void expect(bool right, const char* what) {
    if (!right) { reach_.wrong(what); }
  }

  Transaction& tx_;
  Shard& shard_;
  HeapHead& head_;
  Page* pages_;
  Reach reach_;
  Pages free_runs_, partial_[kClasses], unused_[kClasses];
  uint32_t objects_[kClasses] = {};
  uint32_t free_pages_ = 0;
};

void Checker::walk_pages() {
  bool before_free = false;
  for (uint32_t page = shard_.first_page(); page < shard_.page_count();) {
    const PageUse use = pages_[page].use;
    bool first = use.state == PageState::free || use.state == PageState::slab || use.state == PageState::run;
    if (!first || use.length == 0 || use.length > shard_.page_count() - page) {
      reach_.wrong(format("page %u makes no sense", page));
      return;
    }
    const PageUse end = pages_[page + use.length - 1].use;
    if (use.state == PageState::free) {
      expect(!before_free, "two free runs are neighbours");
      free_runs_.insert(page);
      free_pages_ += use.length;
      expect(use.length == 1 || (end.state == PageState::free_end && end.length == use.length),
             "a free run has no end");
    } else if (use.state == PageState::run) {
      reach_.blocks_[shard_.start() + page * kPage] = 0;
      expect(use.length == 1 || end.state == PageState::run_end, "a run has no end");
    } else {
      expect(use.length == 1 && use.size_class < kClasses, "a slab makes no sense");
      slab(page);
    }
    before_free = use.state == PageState::free;
    page += use.length;
  }
  expect(free_pages_ == head_.free_pages, "free pages are miscounted");
}

void Checker::slab(uint32_t page) {
  uint32_t size_class = pages_[page].use.size_class;
  if (size_class >= kClasses) { return; }
  uint32_t total = static_cast<uint32_t>(kPage / kClassSizes[size_class]);
  uint32_t used = 0;
  for (uint32_t i = 0; i < total; ++i) {
    if ((pages_[page].free[i / 64] >> i % 64 & 1) != 0) { continue; }
    reach_.blocks_[shard_.start() + page * kPage + size_t{i} * kClassSizes[size_class]] = 0;
    ++used;
  }
  int free = std::popcount(pages_[page].free[0]) + std::popcount(pages_[page].free[1]);
  expect(static_cast<uint32_t>(free) == total - used, "a slab counts objects beyond its end");
  objects_[size_class] += used;
  if (used == 0) { unused_[size_class].insert(page); }
  if (used != 0 && used < total) { partial_[size_class].insert(page); }
}

Checker::Pages Checker::list(uint32_t first, const char* what) {
  Pages pages;
  uint32_t before = 0;
  for (uint32_t page = first; page != 0; page = pages_[page].links.next) {
    if (page >= shard_.page_count() || pages_[page].links.previous != before || !pages.insert(page).second) {
      reach_.wrong(format("the list of %s is broken", what));
      break;
    }
    before = page;
  }
  return pages;
}

void Checker::check_bins() {
  Pages binned;
  for (uint32_t bin = 0; bin < kBins; ++bin) {
    for (uint32_t page : list(head_.bins[bin], "free runs")) {
      expect((pages_[page].use.length >> bin) == 1, "a free run is in the wrong bin");
      binned.insert(page);
    }
  }
  expect(binned == free_runs_, "the bins do not have all free runs");
}

void Checker::check_slabs() {
  for (uint32_t i = 0; i < kClasses; ++i) {
    expect(list(head_.partial[i], "slabs") == partial_[i], "the list of a class does not have its slabs");
    Pages spare;
    if (head_.spare[i] != 0) { spare.insert(head_.spare[i]); }
    expect(spare == unused_[i], "an unused slab is nobody's spare");
    expect(objects_[i] == head_.objects[i], "objects are miscounted");
  }
}

void Checker::check_ledger() {
  for (uint16_t slot = 0; slot < kMaxProcesses; ++slot) {
    auto& holds = reinterpret_cast<List<Hold>&>(shard_.head().holds[slot]);
    bool whole = holds.walk(tx_, reach_.blocks_.size(), [&](Hold& hold) {
      reach_.block(&hold);
      Held* object = tx_.at(hold.object);
      uint64_t& count = reach_.holds_[object];
      if (count == 0 && object->discarded != 0) { reach_.discarded_.push_back(object); }
      count += hold.count;
      expect(hold.slot == slot && hold.count != 0, "a hold makes no sense");
      expect(tx_.zone().processes()[slot].pid != 0, "nobody's place holds something");
    });
    expect(whole, "the list of a process's holds is broken");
  }
  for (Held* object : reach_.discarded_) { reach_.block(object); }
  for (const auto& [object, count] : reach_.holds_) { reach_.held(*object); }
}

void Checker::check_lost() {
  size_t lost = 0;
  for (const auto& [block, shown] : reach_.blocks_) { lost += shown == 0 ? 1 : 0; }
  if (lost != 0) { reach_.wrong(format("%zu blocks are in use, but nobody reaches them", lost)); }
}

std::vector<std::string> check(Zone& zone) {
  std::vector<std::string> findings;
  for (uint32_t i = 0; i < zone.shards(); ++i) {
    Transaction tx(zone.shard(i));
    std::vector<std::string> here{"its lock is held"};
    if (tx) { here = Checker(tx).run(); }
    for (const std::string& finding : here) {
      findings.push_back(format("shard %u: %s", i, finding.c_str()));
    }
  }
  return findings;
}

}  // namespace sluice::shm
