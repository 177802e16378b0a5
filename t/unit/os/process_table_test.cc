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

Process process(pid_t pid, unsigned generation, int ready_fd = -1) {
  Process made;
  made.pid = pid;
  made.generation = generation;
  made.ready_fd = ready_fd;
  return made;
}

TEST(ProcessTable, KnowsWhenAGenerationIsReady) {
  ProcessTable table;
  table.add(process(101, 1));
  table.add(process(102, 2, 1000));
  EXPECT_TRUE(table.ready(1, 1));
  EXPECT_FALSE(table.ready(2, 1));
  table.find(102)->ready_fd = -1;
  EXPECT_TRUE(table.ready(2, 1));
  EXPECT_FALSE(table.ready(2, 2));
  EXPECT_EQ(table.find(103), nullptr);
  EXPECT_EQ(table.remove(101).generation, 1u);
  EXPECT_EQ(table.find(101), nullptr);
}

TEST(ProcessTable, CountsThoseWhoStay) {
  ProcessTable table;
  table.add(process(101, 2));
  table.add(process(102, 2));
  Process manager = process(103, 2);
  manager.manager = true;
  table.add(manager);
  EXPECT_EQ(table.count(2), 2u);
  EXPECT_TRUE(table.ready(2, 2));
  EXPECT_FALSE(table.ready(2, 3));
  table.find(101)->told = Process::Told::leave_gently;
  EXPECT_EQ(table.count(2), 1u);
  EXPECT_EQ(table.leaving(), 1u);
  EXPECT_FALSE(table.ready(2, 2));
}

}  // namespace
}  // namespace sluice::os
