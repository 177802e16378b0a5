#include "os/board.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/log.h"

namespace sluice::os {

namespace {
constexpr uint64_t kMagic = 0x736c75696365'0002;  // "sluice", and the number of this layout
constexpr size_t kMessage = 3072;
constexpr size_t kVersion = 32;
constexpr const char* kName = "sluice-master";
}  // namespace

// Written by one, read by others without a lock: the sequence is odd while it is being changed.
struct Board::Page {
  std::atomic<uint64_t> magic;
  std::atomic<uint32_t> sequence;
  int32_t pid;  // a process that is forked has its parent's board until it executes something
  uint32_t phase, generation, attempts, failed, workers, leaving, binaries;
  int32_t binary;
  uint64_t configuration, started, serving_since;
  char version[kVersion];
  uint32_t message_size;
  char message[kMessage];
};

Board::Board() {
  fd_ = memfd_create(kName, MFD_CLOEXEC);
  if (fd_ < 0 || ftruncate(fd_, sizeof(Page)) != 0) {
    log::warn(errno, "memfd_create() failed: \"-s reload\" will not wait");
    return;
  }
  void* memory = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (memory == MAP_FAILED) { return; }
  page_ = static_cast<Page*>(memory);
  page_->pid = getpid();
  page_->magic.store(kMagic, std::memory_order_release);
}

Board::~Board() {
  if (page_ != nullptr) { munmap(page_, sizeof(Page)); }
  if (fd_ >= 0) { ::close(fd_); }
}

void Board::show(const MasterState& state) {
  if (page_ == nullptr) { return; }
  Page& page = *page_;
  page.sequence.fetch_add(1, std::memory_order_acq_rel);
  std::atomic_thread_fence(std::memory_order_release);
  page.phase = static_cast<uint32_t>(state.phase);
  page.generation = state.generation;
  page.attempts = state.attempts;
  page.failed = state.failed ? 1 : 0;
  page.workers = state.workers;
  page.leaving = state.leaving;
  page.binaries = state.binaries;
  page.binary = state.binary;
  page.configuration = state.configuration;
  page.started = state.started;
  page.serving_since = state.serving_since;
  page.version[state.version.copy(page.version, kVersion - 1)] = '\0';
  page.message_size = static_cast<uint32_t>(std::min(state.message.size(), kMessage));
  memcpy(page.message, state.message.data(), page.message_size);
  page.sequence.fetch_add(1, std::memory_order_release);
}

std::unique_ptr<BoardView> BoardView::of(pid_t master) {
  std::string folder = "/proc/" + std::to_string(master) + "/fd";
  DIR* all = opendir(folder.c_str());
  if (all == nullptr) { return nullptr; }
  std::string wanted = std::string("/memfd:") + kName;
  int fd = -1;
  while (dirent* entry = readdir(all)) {
    std::string path = folder + "/" + entry->d_name;
    char target[256];
    ssize_t size = readlink(path.c_str(), target, sizeof target);
    if (size <= 0 || !std::string_view(target, static_cast<size_t>(size)).starts_with(wanted)) { continue; }
    fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    break;
  }
  closedir(all);
  struct stat about {};
  bool fits = fd >= 0 && fstat(fd, &about) == 0 && about.st_size == static_cast<off_t>(sizeof(Board::Page));
  void* memory = fits ? mmap(nullptr, sizeof(Board::Page), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
  if (fd >= 0) { ::close(fd); }
  if (memory == MAP_FAILED) { return nullptr; }
  auto view = std::unique_ptr<BoardView>(new BoardView(memory));
  const auto& page = *static_cast<const Board::Page*>(memory);
  bool known = page.magic.load(std::memory_order_acquire) == kMagic && page.pid == master;
  return known ? std::move(view) : nullptr;
}

BoardView::~BoardView() { munmap(const_cast<void*>(page_), sizeof(Board::Page)); }

MasterState BoardView::read() const {
  const auto& page = *static_cast<const Board::Page*>(page_);
  MasterState state;
  for (int tries = 0; tries < 1000; ++tries) {
    uint32_t before = page.sequence.load(std::memory_order_acquire);
    state.phase = static_cast<MasterState::Phase>(page.phase);
    state.generation = page.generation;
    state.attempts = page.attempts;
    state.failed = page.failed != 0;
    state.workers = page.workers;
    state.leaving = page.leaving;
    state.binaries = page.binaries;
    state.binary = page.binary;
    state.configuration = page.configuration;
    state.started = page.started;
    state.serving_since = page.serving_since;
    state.version.assign(page.version, strnlen(page.version, kVersion));
    state.message.assign(page.message, std::min<size_t>(page.message_size, kMessage));
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 == 0 && page.sequence.load(std::memory_order_relaxed) == before) { break; }
    sched_yield();
  }
  return state;
}

}  // namespace sluice::os
