#include "shm/zone.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sample.h"
#include "shm/process.h"
#include "shm/zones.h"

namespace sluice::shm {
namespace {

const Kind kOther{"other", 1, nullptr};

Spec spec(size_t size = 65536, const Kind* kind = &sample::kKind, std::string name = "test",
          uint32_t shards = 0) {
  return {kind, std::move(name), size, shards};
}

// What an adoption of a copy of the descriptor says, after `harm` was done to what it maps.
template <class Harm>
std::string refusal(Zone& zone, const Spec& wanted, Harm harm) {
  int fd = fcntl(zone.fd(), F_DUPFD_CLOEXEC, 3);
  void* at = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  auto* header = static_cast<ZoneHeader*>(at);
  ZoneHeader before = *header;
  harm(*header);
  Zone::Adoption adoption = Zone::adopt(fd, wanted);
  *header = before;
  munmap(at, kPage);
  EXPECT_EQ(adoption.zone == nullptr, !adoption.refusal.empty());
  return adoption.refusal;
}

std::string refusal(Zone& zone, const Spec& wanted) {
  return refusal(zone, wanted, [](ZoneHeader&) {});
}

TEST(ShmZone, AnotherMappingSeesTheSame) {
  auto zone = sample::zone(65536);
  {
    Transaction tx(zone->shard(0));
    sample::put(tx, "a", 7);
    tx.commit();
  }
  Zone::Adoption other = Zone::adopt(fcntl(zone->fd(), F_DUPFD_CLOEXEC, 3), spec());
  ASSERT_EQ(other.refusal, "");
  EXPECT_EQ(other.zone->hash("key"), zone->hash("key"));
  EXPECT_NE(sample::zone(65536)->hash("key"), zone->hash("key")) << "each zone has its own secret";
  {
    Transaction tx(other.zone->shard(0));
    ASSERT_NE(sample::find(tx, "a"), nullptr);
    EXPECT_EQ(sample::find(tx, "a")->value, 7u);
    sample::put(tx, "b", 8);
    tx.commit();
  }
  Transaction tx(zone->shard(0));
  EXPECT_NE(sample::find(tx, "b"), nullptr);
}

TEST(ShmZone, WhatDiffersIsNamed) {
  auto zone = sample::zone(65536);
  static const Kind newer{"sample", 2, sample::prepare};
  EXPECT_EQ(refusal(*zone, spec()), "");
  EXPECT_EQ(refusal(*zone, spec(65535)), "") << "sizes are whole pages";
  EXPECT_EQ(refusal(*zone, spec(131072)), "its size is 65536, not 131072");
  EXPECT_EQ(refusal(*zone, spec(65536, &newer)), "its layout version is 1, not 2");
  EXPECT_EQ(refusal(*zone, spec(65536, &kOther)), "it is of the kind \"sample\"");
  EXPECT_EQ(refusal(*zone, spec(65536, &sample::kKind, "x")), "its name is \"test\"");
  EXPECT_EQ(refusal(*zone, spec(65536, &sample::kKind, "test", 2)), "its number of shards is 1, not 2");
  EXPECT_EQ(zone->mismatch(spec(131072)), "its size is 65536, not 131072");
  EXPECT_EQ(zone->mismatch(spec()), "");
}

TEST(ShmZone, WhatIsNoZoneIsRefused) {
  auto zone = sample::zone(65536);
  EXPECT_EQ(refusal(*zone, spec(), [](ZoneHeader& header) { header.magic[3] ^= 1; }), "it is not a zone");
  EXPECT_EQ(refusal(*zone, spec(), [](ZoneHeader& header) { header.format = 99; }),
            "its format is 99, not 1");
  EXPECT_EQ(refusal(*zone, spec(), [](ZoneHeader& header) { header.ready = 0; }),
            "whoever made it did not finish");
  EXPECT_EQ(refusal(*zone, spec(), [](ZoneHeader& header) { header.size = 1 << 20; }),
            "its size is 65536, not 1048576");
  EXPECT_EQ(refusal(*zone, spec(), [](ZoneHeader& header) { header.shards = 0; }),
            "its number of shards is 0, not 1");
  EXPECT_NE(refusal(*zone, spec(), [](ZoneHeader& header) { header.shard_head_size = 8; }), "");
  EXPECT_NE(refusal(*zone, spec(), [](ZoneHeader& header) { memset(header.name, 'x', sizeof(header.name)); }),
            "");
  EXPECT_NE(refusal(*zone, spec(), [](ZoneHeader& header) { memset(header.kind, 'x', sizeof(header.kind)); }),
            "");
  EXPECT_EQ(Zone::adopt(9999, spec()).refusal, "its descriptor is not open");
  EXPECT_EQ(Zone::adopt(open("/dev/null", O_RDWR | O_CLOEXEC), spec()).refusal, "it is no sealed memory");
  EXPECT_EQ(Zone::adopt(memfd_create("x", MFD_CLOEXEC), spec()).refusal, "it is no sealed memory");
  int sealed = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  fcntl(sealed, F_ADD_SEALS, F_SEAL_SHRINK);
  EXPECT_EQ(Zone::adopt(sealed, spec()).refusal, "it has no header");
  EXPECT_EQ(fcntl(sealed, F_GETFD), -1) << "refused descriptors are closed";
}

TEST(ShmZone, CannotShrinkUnderAReader) {
  auto zone = sample::zone(65536);
  EXPECT_NE(ftruncate(zone->fd(), 4096), 0);
  EXPECT_EQ(fcntl(zone->fd(), F_GETFD), FD_CLOEXEC);
}

TEST(ShmZone, WhatCannotBeMadeIsSaid) {
  EXPECT_EQ(Zone::check(spec()), "");
  EXPECT_NE(Zone::check(spec(4096)).find("too small: the least is "), std::string::npos);
  EXPECT_NE(Zone::check(spec(size_t{33} << 30)), "");
  EXPECT_NE(Zone::check(spec(65536, &kOther, "")), "");
  EXPECT_NE(Zone::check(spec(65536, &kOther, std::string(256, 'x'))), "");
  EXPECT_NE(Zone::check(spec(65536, &kOther, "x", 65)), "");
  static const Kind refusing{"refusing", 1, [](Transaction&) { return false; }};
  EXPECT_FALSE(Zone::create(spec(65536, &refusing)));
  // The least size is one that works.
  std::string text = Zone::check(spec(1, &kOther));
  size_t least = strtoull(text.c_str() + text.find("is ", 10) + 3, nullptr, 10);
  auto zone = Zone::create(spec(least, &kOther));
  ASSERT_TRUE(zone) << least;
  EXPECT_EQ(sample::problems(**zone), "");
  EXPECT_FALSE(Zone::create(spec(least - kPage, &kOther)));
}

TEST(ShmZone, ShardsShareTheZoneAndDoNotOverlap) {
  auto zone = sample::zone(1 << 20, 5);
  ASSERT_EQ(zone->shards(), 5u);
  for (int i = 0; i < 5000; ++i) {
    std::string key = std::to_string(i);
    Transaction tx(zone->shard_for(hash(key)));
    sample::put(tx, key, 1, 20);
    tx.commit();
  }
  for (uint32_t i = 0; i < 5; ++i) {
    Transaction tx(zone->shard(i));
    EXPECT_GT(tx.root<sample::Index>()->table.size(), 500u);
  }
  EXPECT_EQ(sample::problems(*zone), "");
}

TEST(ShmZones, AreTakenOverWhenTheyAreWantedUnchanged) {
  Zones none;
  std::vector<std::string> notes;
  auto first = Zones::open({spec(65536), spec(65536, &kOther, "x")}, none, notes);
  ASSERT_TRUE(first && notes.empty());
  auto second =
      Zones::open({spec(65536), spec(131072, &kOther, "x"), spec(65536, &kOther, "y")}, *first, notes);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->find("sample", "test"), first->find("sample", "test"));
  EXPECT_NE(second->find("other", "x"), first->find("other", "x"));
  EXPECT_EQ(second->size(), 3u);
  EXPECT_EQ(first->find("other", "y"), nullptr);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0], "other zone \"x\" starts fresh: its size is 65536, not 131072");
  notes.clear();
  EXPECT_FALSE(Zones::open({spec(100)}, *first, notes));
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0].find("sample zone \"test\" starts fresh"), std::string::npos)
      << "it does not start at all";
}

TEST(ShmZones, AreHandedOnAcrossAnExec) {
  Zones none;
  std::vector<std::string> notes;
  std::string odd = "a;b:c/d %é\n";
  auto zones =
      Zones::open({spec(65536), spec(65536, &kOther, odd), spec(65536, &kOther, "gone")}, none, notes);
  {
    Transaction tx((*zones)[0].shard(0));
    sample::put(tx, "a", 7);
    tx.commit();
  }
  std::string text = zones->hand_on();
  EXPECT_EQ(text.find_first_of("\n \""), std::string::npos) << text;
  EXPECT_EQ(fcntl((*zones)[0].fd(), F_GETFD), 0);
  // As the next binary would: the same numbers, in another process.
  pid_t child = fork();
  if (child == 0) {
    Zones inherited =
        Zones::inherited(text + "nonsense;other/%zz:5;other/%4:5;other/p:1;other/q:99999999999;other/r:777;");
    auto next = Zones::open({spec(65536), spec(131072, &kOther, odd)}, inherited, notes);
    if (!next || notes.size() != 1 || notes[0].find("its size is 65536, not 131072") == std::string::npos) {
      _exit(1);
    }
    Transaction tx((*next)[0].shard(0));
    _exit(sample::find(tx, "a") != nullptr && sample::find(tx, "a")->value == 7 ? 0 : 2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(ShmZones, GiveAndTakePlacesTogether) {
  Zones none;
  std::vector<std::string> notes;
  auto zones = Zones::open({spec(65536), spec(65536, &kOther, "x")}, none, notes);
  Zones::Claim mine, other;
  ASSERT_TRUE(zones->claim(1, mine) && zones->claim(1, other) && Zones::enter(mine));
  EXPECT_EQ((*zones)[0].slot(), mine.places[0].slot);
  EXPECT_NE(mine.places[1].slot, other.places[1].slot);
  EXPECT_TRUE(Zones::settle(other));
  EXPECT_TRUE(other.places.empty());
  zones->sweep();
  EXPECT_NE((*zones)[1].processes()[mine.places[1].slot].pid, 0u);
}

// -- who is gone, and who only sleeps
// ----------------------------------------------------------------------------

TEST(ShmProcess, APidIsNotEnough) {
  Identity self = own_identity();
  EXPECT_NE(self.started, 0u);
  EXPECT_TRUE(may_be_alive(self));
  EXPECT_FALSE(may_be_alive({self.pid, self.started - 1})) << "an earlier process with this pid";
  pid_t child = fork();
  if (child == 0) { _exit(0); }
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(may_be_alive({static_cast<uint32_t>(child), 0}));
}

TEST(ShmLock, ADamagedOneIsNeverHad) {
  auto zone = sample::zone(65536);
  pid_t child = fork();
  if (child == 0) {
    Transaction tx(zone->shard(0));
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  Lock& lock = zone->shard(0).head().lock;
  ASSERT_EQ(lock.acquire(kPatience), Locked::repair);
  lock.release();  // without mark_consistent(): what the C library calls not recoverable
  testing::internal::CaptureStderr();
  EXPECT_EQ(lock.acquire(kPatience), Locked::no);
  EXPECT_EQ(lock.acquire(kPatience), Locked::no);
  std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("damaged"), std::string::npos);
  EXPECT_EQ(said.find("damaged"), said.rfind("damaged")) << "once";
  EXPECT_NE(sample::problems(*zone), "");
}

TEST(ShmLock, AStoppedHolderStopsNobodyForLong) {
  auto zone = sample::zone(65536);
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  pid_t child = fork();
  if (child == 0) {
    Transaction tx(zone->shard(0));
    sample::put(tx, "half", 1);
    if (write(ready[1], "x", 1) != 1) { _exit(1); }
    pause();
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  auto waited = [&](std::chrono::milliseconds patience) {
    auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(Transaction(zone->shard(0), patience));
    return std::chrono::steady_clock::now() - start;
  };
  using std::chrono::milliseconds;
  EXPECT_LT(waited(milliseconds(0)), milliseconds(10));
  EXPECT_GE(waited(milliseconds(30)), milliseconds(30));
  EXPECT_LT(waited(kPatience), milliseconds(20)) << "once is enough";
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  {
    Transaction tx(zone->shard(0));
    ASSERT_TRUE(tx);
    EXPECT_EQ(sample::find(tx, "half"), nullptr);
  }
  EXPECT_EQ(sample::problems(*zone), "");
  close(ready[0]);
  close(ready[1]);
}

}  // namespace
}  // namespace sluice::shm
