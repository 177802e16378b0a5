#include "upstream/shared.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "shm/check.h"
#include "upstream/group.h"

namespace sluice::upstream {
namespace {

class Shared : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = shm::Zone::create({&kUpstreamKind, "u", 64 << 10, 1});
    ASSERT_TRUE(made);
    zone_ = std::move(*made);
    auto slot = shm::claim(*zone_, 1);
    ASSERT_TRUE(slot);
    ASSERT_TRUE(shm::enter(*zone_, *slot));
  }
  // As another worker would see the same group.
  std::unique_ptr<Group> group(int servers = 2) {
    auto made = std::make_unique<Group>();
    made->name = "g";
    for (int i = 0; i < servers; ++i) {
      auto peer = std::make_unique<Peer>();
      peer->name = "127.0.0.1:" + std::to_string(i);
      peer->max_conns = 3;
      made->peers.push_back(std::move(peer));
    }
    made->finish();
    return made;
  }
  std::unique_ptr<shm::Zone> zone_;
};

TEST_F(Shared, FailuresAreKnownToAll) {
  auto one = group();
  auto other = group();
  ASSERT_TRUE(one->share(*zone_));
  ASSERT_TRUE(other->share(*zone_));
  EXPECT_EQ(one->peers[0]->health, other->peers[0]->health);
  EXPECT_TRUE(one->peers[0]->failed(1000));
  EXPECT_FALSE(other->peers[0]->usable(1000));
  EXPECT_TRUE(other->peers[1]->usable(1000));
  EXPECT_TRUE(other->peers[0]->usable(1000 + 10'001));
  // A worker whose clock is behind the one that saw the failure.
  EXPECT_FALSE(other->peers[0]->usable(999));
  other->peers[0]->succeeded(2000);
  EXPECT_TRUE(one->peers[0]->usable(1000));
  EXPECT_EQ(shm::check(*zone_), std::vector<std::string>());
}

TEST_F(Shared, ConnectionsOfAllAreCounted) {
  auto one = group();
  auto other = group();
  ASSERT_TRUE(one->share(*zone_) && other->share(*zone_));
  Peer& here = *one->peers[0];
  Peer& there = *other->peers[0];
  EXPECT_TRUE(here.take() && there.take() && there.take());
  EXPECT_TRUE(here.full() && there.full());
  EXPECT_FALSE(here.take());
  EXPECT_EQ(here.active, 1u);
  there.give_back();
  EXPECT_FALSE(here.full());
  EXPECT_TRUE(here.take());
  EXPECT_EQ(shm::check(*zone_), std::vector<std::string>());
  here.give_back();
  here.give_back();
  there.give_back();
  EXPECT_EQ(here.shared.total(), 0u);
  EXPECT_EQ(shm::check(*zone_), std::vector<std::string>());
}

TEST_F(Shared, AFullZoneLeavesTheRestToEachWorker) {
  auto large = group(5000);
  EXPECT_FALSE(large->share(*zone_));
  EXPECT_TRUE(large->peers[0]->shared.used());
  Peer& alone = *large->peers[4999];
  EXPECT_FALSE(alone.shared.used());
  EXPECT_TRUE(alone.take());
  EXPECT_TRUE(alone.failed(1000));
  EXPECT_FALSE(alone.usable(1000));
  EXPECT_EQ(shm::check(*zone_), std::vector<std::string>());
}

}  // namespace
}  // namespace sluice::upstream
