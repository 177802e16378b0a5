// Processes that use a zone all at once while they are killed at random, some after having been stopped. The
// parent settles what the dead held, and a checker looks now and then. Five seconds by default;
// SHM_KILL_SECONDS=600 for more.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <random>
#include <thread>

#include "sample.h"

namespace sluice::shm {
namespace {

using sample::Entry;
using std::chrono::milliseconds;

constexpr uint32_t kShards = 3;
constexpr size_t kZoneSize = 1 << 20;
constexpr size_t kMostHolds = 20;

const Kind kKind{"kill", 1, sample::prepare, nullptr, sample::reach};

class Worker {
 public:
  Worker(Zone& zone, uint32_t seed)
      : zone_(zone),
        random_(seed),
        steps_(open_counter(zone, "steps", CounterKind::total)),
        alive_(open_counter(zone, "alive", CounterKind::gauge)) {
    alive_.add();
  }

  [[noreturn]] void work() {
    while (true) {
      uint32_t what = random_() % 16;
      if (what < 2) {
        let_go();
      } else if (what < 4) {
        remove();
      } else {
        use(what < 8);
      }
      // Locks are held half of the time, not all of it: the parent wants them too, to settle.
      for (uint32_t i = random_() % 1000; i > 0; --i) { std::atomic_signal_fence(std::memory_order_seq_cst); }
    }
  }

 private:
  struct Pin {
    Hold* hold;
    Entry* entry;
    Shard* shard;
    std::string key;
  };

  // Looks up, inserts, evicts, and sometimes holds.
  void use(bool pin) {
    std::string key = "key" + std::to_string(random_() % 20000);
    Shard& shard = zone_.shard_for(hash(key));
    Transaction tx(shard);
    if (!tx) { return; }
    Entry* entry = sample::put(tx, key, random_(), random_() % 16 == 0 ? random_() % 20000 : random_() % 200);
    if (entry == nullptr) { return; }
    Hold* held = pin && pins_.size() < kMostHolds ? hold(tx, *entry) : nullptr;
    done(tx);
    if (held != nullptr) { pins_.push_back({held, entry, &shard, key}); }
  }

  void remove() {
    std::string key = "key" + std::to_string(random_() % 20000);
    Transaction tx(zone_.shard_for(hash(key)));
    Entry* entry = tx ? sample::find(tx, key) : nullptr;
    if (entry == nullptr) { return; }
    sample::remove(tx, *entry);
    done(tx);
  }

  // What is held is there and as it was, without a lock, whatever the others did meanwhile.
  void let_go() {
    if (pins_.empty()) { return; }
    std::swap(pins_[random_() % pins_.size()], pins_.back());
    Pin& pin = pins_.back();
    if (pin.entry->key() != pin.key || !pin.entry->intact()) { _exit(3); }
    Transaction tx(*pin.shard);
    if (!tx) { return; }
    release(tx, *pin.hold);
    done(tx);
    pins_.pop_back();
  }

  void done(Transaction& tx) {
    sample::Index& index = *tx.root<sample::Index>();
    tx.set(index.steps, index.steps + 1);
    tx.commit();
    steps_.add();
  }

  Zone& zone_;
  std::mt19937 random_;
  Counter steps_, alive_;
  std::vector<Pin> pins_;
};

class ShmKill : public testing::Test {
 protected:
  struct Child {
    pid_t pid = 0;
    uint16_t place = 0;
  };

  ShmKill() {
    zone_ = std::move(*Zone::create({&kKind, "kill", kZoneSize, kShards}));
    for (uint32_t i = 0; i < kShards; ++i) {
      Transaction tx(zone_->shard(i));
      fresh_.push_back(heap_statistics(tx));
    }
  }
  void TearDown() override {
    for (Child& child : children_) { end(child); }
  }

  // Workers are in sections all the time: a lock may be out of reach for once, but not for long.
  template <class Try>
  bool at_last(Try attempt) {
    for (int i = 0; i < 200; ++i) {
      if (attempt()) { return true; }
      std::this_thread::sleep_for(milliseconds(5));
    }
    return false;
  }

  void start(Child& child) {
    std::optional<uint16_t> place;
    ASSERT_TRUE(at_last([&] { return (place = claim(*zone_, 1)).has_value(); }));
    child.place = *place;
    uint32_t seed = random_();
    child.pid = fork();
    if (child.pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      while (!enter(*zone_, child.place)) {}
      Worker(*zone_, seed).work();
    }
  }

  void end(Child& child) {
    if (child.pid == 0) { return; }
    kill(child.pid, SIGKILL);
    int status = 0;
    waitpid(child.pid, &status, 0);
    child.pid = 0;
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        << "a worker ended by itself: status " << status;
    EXPECT_TRUE(at_last([&] { return settle(*zone_, child.place); }));
  }

  void look() {
    std::string found;
    at_last([&] {
      found = sample::problems(*zone_);
      return found.find("its lock is held") == std::string::npos;
    });
    ASSERT_EQ(found, "");
    auto readings = read_counters(*zone_);
    if (readings.size() != 2) { return; }
    int64_t steps = readings[0].name == "steps" ? readings[0].value : readings[1].value;
    EXPECT_GE(steps, seen_);
    seen_ = steps;
  }

  std::unique_ptr<Zone> zone_;
  std::vector<HeapStatistics> fresh_;
  std::array<Child, 6> children_;
  std::mt19937 random_{std::random_device{}()};
  int64_t seen_ = 0;
};

TEST_F(ShmKill, NothingIsLostWhoeverDies) {
  const char* asked = getenv("SHM_KILL_SECONDS");
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds(asked != nullptr ? atoi(asked) : 5);
  for (Child& child : children_) { start(child); }
  int kills = 0;
  while (std::chrono::steady_clock::now() < until && !HasFailure()) {
    Child& child = children_[random_() % children_.size()];
    std::this_thread::sleep_for(std::chrono::microseconds(random_() % 300));
    if (random_() % 32 == 0) {
      kill(child.pid, SIGSTOP);
      std::this_thread::sleep_for(milliseconds(random_() % 4));
    }
    end(child);
    start(child);
    if (++kills % 200 == 0) { look(); }
  }
  for (Child& child : children_) { end(child); }
  look();
  printf("[          ] %d kills, %lld steps\n", kills, static_cast<long long>(seen_));
  int64_t steps = 0;
  for (uint32_t i = 0; i < kShards; ++i) {
    Transaction tx(zone_->shard(i));
    ASSERT_TRUE(tx) << "no lock is held";
    steps += static_cast<int64_t>(tx.root<sample::Index>()->steps);
    ASSERT_NE(sample::put(tx, "one more", 1, 10000), nullptr)
        << "a zone that was full still takes what comes";
    while (sample::evict(tx)) { tx.commit(); }
    HeapStatistics heap = heap_statistics(tx);
    EXPECT_EQ(heap.used_bytes, fresh_[i].used_bytes);
    EXPECT_GE(heap.free_pages + kClasses, fresh_[i].free_pages);
  }
  // A step is committed, then counted: a death between the two is one count.
  EXPECT_LE(seen_, steps);
  EXPECT_GE(seen_, steps - kills - static_cast<int64_t>(children_.size()));
  for (const Reading& reading : read_counters(*zone_)) {
    if (reading.name == "alive") { EXPECT_EQ(reading.value, 0); }
  }
  EXPECT_GT(steps, 1000);
}

}  // namespace
}  // namespace sluice::shm
