#include "os/board.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::os {
namespace {

TEST(Board, IsSeenByOthers) {
  EXPECT_EQ(BoardView::of(getpid()), nullptr);
  Board board;
  MasterState state;
  state.phase = MasterState::Phase::serving;
  state.generation = 7;
  state.attempts = 6;
  state.failed = true;
  state.binary = 1234;
  state.message = "why";
  board.show(state);
  pid_t child = fork();
  if (child == 0) {
    auto view = BoardView::of(getppid());
    if (view == nullptr) { _exit(1); }
    MasterState seen = view->read();
    bool same = seen.phase == state.phase && seen.generation == 7 && seen.attempts == 6 && seen.failed &&
                seen.binary == 1234 && seen.message == "why";
    _exit(same ? 0 : 2);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Board, CutsALongMessage) {
  Board board;
  MasterState state;
  state.message = std::string(100'000, 'x');
  board.show(state);
  auto view = BoardView::of(getpid());
  ASSERT_NE(view, nullptr);
  EXPECT_EQ(view->read().message, std::string(3072, 'x'));
}

TEST(Board, IsNotThereForOtherProcesses) { EXPECT_EQ(BoardView::of(1 << 30), nullptr); }

}  // namespace
}  // namespace sluice::os
