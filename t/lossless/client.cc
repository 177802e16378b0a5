#include "client.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "http_user.h"
#include "socket_user.h"

namespace lossless {

namespace {

constexpr uint64_t kLookEvery = 20'000;          // microseconds
constexpr uint64_t kLongestEnding = 30'000'000;  // until what is under way counts as lost

const Manner kManners[] = {
    {.name = "keepalive", .users = 24, .most_pause = 12'000, .size = 8000},
    {.name = "pipelined", .users = 4, .depth = 8, .most_pause = 12'000, .size = 4000},
    {.name = "new-connection", .users = 8, .one_each = true, .most_pause = 10'000, .size = 4000},
    {.name = "slow-upload",
     .users = 6,
     .most_pause = 100'000,
     .upload = 200'000,
     .piece = 4000,
     .pace = 40'000},
    {.name = "slow-download",
     .users = 6,
     .most_pause = 100'000,
     .size = 2'000'000,
     .piece = 32'000,
     .pace = 30'000},
};
constexpr int kSocketUsers = 16;

class Client final : public Watcher {
 public:
  Client(Loop& loop, const ClientOptions& options) : Watcher(loop) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    signals_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    watch(signals_, EPOLLIN);
    call_at(now() + kLookEvery);
    populate(options);
  }
  ~Client() override { close(signals_); }

  void ready(uint32_t) override {
    signalfd_siginfo info;
    if (read(signals_, &info, sizeof info) != sizeof info || ending_at_ != 0) { return; }
    ending_at_ = now() + kLongestEnding;
    for (auto& user : users_) { user->stop(); }
  }

  void due() override {
    call_at(now() + kLookEvery);
    if (!begun_ &&
        std::all_of(accounts_.begin(), accounts_.end(), [](auto& a) { return a->has_answers(); })) {
      begun_ = true;
      puts("begun");
      fflush(stdout);
    }
    bool late = ending_at_ != 0 && now() > ending_at_;
    for (auto& user : users_) {
      user->look_for_silence();
      if (late && !user->done()) { user->give_up("not ended 30 s after the last began"); }
    }
    bool over =
        ending_at_ != 0 && std::all_of(users_.begin(), users_.end(), [](auto& u) { return u->done(); });
    if (over) { loop().stop(); }
  }

  void print() const {
    for (const auto& account : accounts_) { account->print(); }
  }

 private:
  void populate(const ClientOptions& options) {
    auto scaled = [&](int users) { return std::max(1, static_cast<int>(users * options.scale)); };
    uint64_t seed = static_cast<uint64_t>(getpid()) << 20;
    for (const Manner& manner : kManners) {
      accounts_.push_back(std::make_unique<Account>(manner.name));
      for (int i = 0; i < scaled(manner.users); ++i) {
        users_.push_back(std::make_unique<HttpUser>(loop(), *accounts_.back(), options.port, ++seed, manner));
      }
    }
    accounts_.push_back(std::make_unique<Account>("websocket"));
    for (int i = 0; i < scaled(kSocketUsers); ++i) {
      users_.push_back(
          std::make_unique<SocketUser>(loop(), *accounts_.back(), options.port, ++seed, options.socket_life));
    }
  }

  int signals_ = -1;
  bool begun_ = false;
  uint64_t ending_at_ = 0;
  std::vector<std::unique_ptr<Account>> accounts_;
  std::vector<std::unique_ptr<User>> users_;
};

}  // namespace

int run_client(const ClientOptions& options) {
  Loop loop;
  Client client(loop, options);
  loop.run();
  client.print();
  return 0;
}

}  // namespace lossless
