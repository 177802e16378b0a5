// What a master says about itself to those who ask for it on the same machine: sluice -s reload, which waits,
// sluice upgrade and sluice status. It is a page of shared memory without a name, found through /proc by
// whoever may look at the process: nothing to configure, nothing to leave behind.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

namespace sluice::os {

struct MasterState {
  enum class Phase : uint32_t { starting, serving, ending };
  Phase phase = Phase::starting;
  uint32_t generation = 0;     // that serves
  uint32_t attempts = 0;       // reloads that have succeeded or failed
  bool failed = false;         // the last of them did
  uint32_t workers = 0;        // of the generation that serves
  uint32_t leaving = 0;        // workers of older ones
  int32_t binary = 0;          // the process of a new binary, or 0
  uint32_t binaries = 0;       // how many new binaries have ended
  uint64_t configuration = 0;  // a hash of all of its text
  uint64_t started = 0;        // seconds since 1970
  uint64_t serving_since = 0;  // the generation that serves; likewise
  std::string version;         // of the binary
  std::string message;         // why the last reload failed
};

// The master's side.
class Board {
 public:
  Board();
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;
  void show(const MasterState& state);

 private:
  friend class BoardView;
  struct Page;
  Page* page_ = nullptr;
  int fd_ = -1;
};

// The other side: the board of that process, mapped. Null when it has none that may be seen.
class BoardView {
 public:
  static std::unique_ptr<BoardView> of(pid_t master);
  ~BoardView();
  BoardView(const BoardView&) = delete;
  BoardView& operator=(const BoardView&) = delete;
  MasterState read() const;

 private:
  explicit BoardView(const void* page) : page_(page) {}
  const void* page_;
};

}  // namespace sluice::os
