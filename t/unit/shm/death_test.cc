// Dies at every instruction. A child does one operation step by step under ptrace and is killed after the
// n-th instruction, for n from the first to the last; each time the zone must be whole, and the operation
// done or not done. That covers what hooks in the product could not: deaths inside the lock, the journal and
// the repair themselves. By default some twenty places of each operation; SHM_EVERY_INSTRUCTION=1 for all,
// which takes minutes.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "sample.h"

namespace sluice::shm {
namespace {

using sample::Entry;
using sample::Index;
using std::string_view;

constexpr long kAlways = 1000000;
#ifdef __SANITIZE_ADDRESS__
constexpr long kPlaces = 8;  // it makes many more instructions of the same
#else
constexpr long kPlaces = 24;
#endif

class ShmDeath : public testing::Test {
 protected:
  ShmDeath() : zone(sample::zone()) { enter(*zone, *claim(*zone, 1)); }

  Shard& shard() { return zone->shard(0); }

  // Kills a child after so many instructions of `operation`; says how many it got to do, or -1 when it came
  // to its end.
  long kill_after(long instructions, const std::function<void()>& operation) {
    place = *claim(*zone, 2);
    pid_t child = fork();
    if (child == 0) {
      if (!enter(*zone, place) || ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) { _exit(1); }
      raise(SIGSTOP);
      operation();
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSTOPPED(status)) << "this machine does not let a process be traced";
    last_steps = 0;
    while (WIFSTOPPED(status) && last_steps < instructions) {
      int signal = WSTOPSIG(status) == SIGSTOP || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
      ptrace(PTRACE_SINGLESTEP, child, nullptr, reinterpret_cast<void*>(static_cast<long>(signal)));
      waitpid(child, &status, 0);
      ++last_steps;
    }
    if (!WIFSTOPPED(status)) {
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "the operation failed by itself";
      return -1;
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return last_steps;
  }

  // `verify` is asked after each death, when the child is settled; it puts the zone back for the next.
  void die_everywhere(const std::function<void()>& operation, const std::function<void()>& verify) {
    kill_after(kAlways, operation);
    long steps = last_steps;
    EXPECT_LT(steps, kAlways);
    clean_up(verify);
    long stride = getenv("SHM_EVERY_INSTRUCTION") != nullptr ? 1 : std::max(1L, steps / kPlaces);
    for (long at = 1; at < steps && !HasFailure(); at += stride) {
      kill_after(at, operation);
      clean_up(verify);
      if (HasFailure()) { ADD_FAILURE() << "died at instruction " << at << " of " << steps; }
    }
    EXPECT_TRUE(seen_done && seen_undone) << "deaths before and after the commit are among them";
  }

  void clean_up(const std::function<void()>& verify) {
    ASSERT_TRUE(settle(*zone, place));
    verify();
    ASSERT_EQ(sample::problems(*zone), "");
  }

  bool saw(bool done) {
    (done ? seen_done : seen_undone) = true;
    return done;
  }

  void put(string_view key, uint64_t value = 1, uint32_t extra = 0) {
    Transaction tx(shard());
    ASSERT_NE(sample::put(tx, key, value, extra), nullptr);
    tx.commit();
  }
  void remove(string_view key) {
    Transaction tx(shard());
    if (Entry* entry = sample::find(tx, key)) { sample::remove(tx, *entry); }
    tx.commit();
  }
  uint32_t size() {
    Transaction tx(shard());
    return tx.root<Index>()->table.size();
  }
  bool has(string_view key) {
    Transaction tx(shard());
    return tx.root<Index>()->table.find(tx, hash(key), key) != nullptr;
  }

  std::unique_ptr<Zone> zone;
  uint16_t place = 0;
  long last_steps = 0;
  bool seen_done = false, seen_undone = false;
};

TEST_F(ShmDeath, InsertingTheFirstOfItsSize) {
  die_everywhere([this] { put("new", 5, 200); },
                 [this] {
                   if (saw(has("new"))) { remove("new"); }
                 });
}

TEST_F(ShmDeath, InsertingARunOfPages) {
  put("before", 1, 5000);
  put("after", 1, 5000);
  remove("before");
  die_everywhere([this] { put("new", 5, 9000); },
                 [this] {
                   if (saw(has("new"))) { remove("new"); }
                 });
}

TEST_F(ShmDeath, RemovingARunBetweenFreeNeighbours) {
  auto arrange = [this] {
    for (const char* key : {"a", "b", "c", "d"}) { put(key, 1, 5000); }
    remove("a");
    remove("c");
  };
  arrange();
  die_everywhere([this] { remove("b"); },
                 [&] {
                   saw(!has("b"));
                   for (const char* key : {"b", "d"}) { remove(key); }
                   arrange();
                 });
}

TEST_F(ShmDeath, TouchingAndChanging) {
  for (const char* key : {"a", "b", "c"}) { put(key); }
  die_everywhere([this] { put("b", 2); },
                 [this] {
                   Transaction tx(shard());
                   Entry* b = tx.root<Index>()->table.find(tx, hash("b"), "b");
                   bool first = tx.root<Index>()->recent.front(tx) == b;
                   EXPECT_EQ(first, b->value == 2) << "both or none";
                   saw(first);
                   sample::put(tx, "b", 1);
                   sample::put(tx, "c", 1);
                   tx.commit();
                 });
}

TEST_F(ShmDeath, EvictingForAnotherInAFullZone) {
  uint64_t next = 0;
  uint32_t full = 0;
  for (; size() == full; ++full) { put(std::to_string(next++), 1, 3000); }
  --full;
  die_everywhere([&] { put("new" + std::to_string(next), 1, 3000); },
                 [&] {
                   EXPECT_LE(size(), full);
                   EXPECT_GE(size() + 2, full) << "one gone, and the new one not there yet";
                   saw(has("new" + std::to_string(next)));
                   ++next;
                   while (size() < full - 1) { put(std::to_string(next++), 1, 3000); }
                 });
}

TEST_F(ShmDeath, HoldingWhatIsDiscardedAndLettingGo) {
  put("a");
  die_everywhere(
      [this] {
        Transaction tx(shard());
        Hold* held = hold(tx, *sample::find(tx, "a"));
        tx.commit();
        hold_again(tx, *held);
        tx.commit();
        sample::remove(tx, *sample::find(tx, "a"));
        tx.commit();
        release(tx, *held);
        tx.commit();
        release(tx, *held);
        tx.commit();
      },
      [this] {
        if (saw(!has("a"))) { put("a"); }
        Transaction tx(shard());
        EXPECT_EQ(sample::find(tx, "a")->references, 0u);
      });
}

// Whoever settles may die too, and the next one goes on.
TEST_F(ShmDeath, SettlingTheDead) {
  put("a");
  put("b");
  uint16_t dead = 0;
  auto arrange = [&] {
    dead = *claim(*zone, 3);
    pid_t child = fork();
    if (child == 0) {
      enter(*zone, dead);
      open_counter(*zone, "total", CounterKind::total).add(3);
      Transaction tx(shard());
      for (const char* key : {"a", "b"}) {
        hold(tx, *sample::find(tx, key));
        tx.commit();
      }
      _exit(0);
    }
    waitpid(child, nullptr, 0);
  };
  arrange();
  int64_t total = 3;
  die_everywhere([&] { settle(*zone, dead); },
                 [&] {
                   saw(zone->processes()[dead].pid == 0);
                   EXPECT_TRUE(settle(*zone, dead));
                   auto readings = read_counters(*zone);
                   EXPECT_EQ(readings[0].value, total) << "neither lost nor doubled";
                   {
                     Transaction tx(shard());
                     EXPECT_EQ(sample::find(tx, "a")->references, 0u);
                   }
                   total += 3;
                   arrange();
                 });
  settle(*zone, dead);
}

// A section that was left half done is repaired by somebody who dies while repairing.
TEST_F(ShmDeath, RepairingAfterADeath) {
  put("a");
  auto leave_half_done = [this] {
    pid_t child = fork();
    if (child == 0) {
      Transaction tx(shard());
      sample::put(tx, "half", 1, 500);
      sample::remove(tx, *sample::find(tx, "a"));
      kill(getpid(), SIGKILL);
    }
    waitpid(child, nullptr, 0);
  };
  leave_half_done();
  die_everywhere(
      [this] {
        Transaction tx(shard());
        _exit(0);
      },
      [&] {
        seen_done = seen_undone = true;  // it shows in nothing else
        EXPECT_FALSE(has("half"));
        EXPECT_TRUE(has("a"));
        leave_half_done();
      });
  EXPECT_TRUE(has("a"));
}

}  // namespace
}  // namespace sluice::shm
