#include "os/process_table.h"

#include <gtest/gtest.h>

namespace sluice::os {
namespace {

TEST(Respawn, AtOnceUnlessItKeepsDying) {
  Respawn respawn;
  EXPECT_EQ(respawn.delay(60000), 0u);
  for (int i = 0; i < 3; ++i) { EXPECT_EQ(respawn.delay(10), 0u); }
  uint64_t before = 0;
  for (int i = 0; i < 10; ++i) {
    uint64_t delay = respawn.delay(10);
    EXPECT_GT(delay, 0u);
    EXPECT_GE(delay, before);
    EXPECT_LE(delay, 1000u);
    before = delay;
  }
  EXPECT_EQ(respawn.delay(60000), 0u);
  EXPECT_EQ(respawn.delay(10), 0u);
}

TEST(ProcessTable, KnowsWhenAGenerationIsReady) {
  ProcessTable table;
  table.add({101, 0, 1, -1, false, 0});
  table.add({102, 0, 2, 1000, false, 0});
  EXPECT_TRUE(table.ready(1, 1));
  EXPECT_FALSE(table.ready(2, 1));
  table.find(102)->ready_fd = -1;
  EXPECT_TRUE(table.ready(2, 1));
  EXPECT_FALSE(table.ready(2, 2));
  EXPECT_EQ(table.find(103), nullptr);
  EXPECT_EQ(table.remove(101).generation, 1u);
  EXPECT_EQ(table.find(101), nullptr);
}

}  // namespace
}  // namespace sluice::os
