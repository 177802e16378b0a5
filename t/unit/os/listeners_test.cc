#include "os/listeners.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace sluice::os {
namespace {

struct Address {
  Address(const char* ip, uint16_t port) {
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    inet_pton(AF_INET, ip, &in.sin_addr);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&in); }
  sockaddr_in in{};
};

ListenSpec& add(ListenPlan& plan, const char* ip, uint16_t port) {
  Address address(ip, port);
  return plan.add(address.get(), sizeof address.in, SOCK_STREAM,
                  std::string(ip) + ":" + std::to_string(port));
}

// A port that nobody has just now.
uint16_t free_port() {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  Address any("127.0.0.1", 0);
  socklen_t length = sizeof any.in;
  bind(fd, any.get(), length);
  getsockname(fd, reinterpret_cast<sockaddr*>(&any.in), &length);
  close(fd);
  return ntohs(any.in.sin_port);
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  getsockopt(fd, level, name, &value, &length);
  return value;
}

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

constexpr Sockets::Attempts kOnce{1, 1};

TEST(ListenPlan, FindsByAddressAndType) {
  ListenPlan plan;
  ListenSpec& spec = add(plan, "127.0.0.1", 80);
  EXPECT_EQ(plan.find(Address("127.0.0.1", 80).get(), sizeof(sockaddr_in), SOCK_STREAM), &spec);
  EXPECT_EQ(plan.find(Address("127.0.0.1", 81).get(), sizeof(sockaddr_in), SOCK_STREAM), nullptr);
  EXPECT_EQ(plan.find(Address("127.0.0.2", 80).get(), sizeof(sockaddr_in), SOCK_STREAM), nullptr);
  EXPECT_EQ(plan.find(Address("127.0.0.1", 80).get(), sizeof(sockaddr_in), SOCK_DGRAM), nullptr);
}

TEST(ListenPlan, AWildcardTakesTheAddressesOfItsPort) {
  ListenPlan plan;
  ListenSpec& narrow = add(plan, "127.0.0.1", 80);
  ListenSpec& wide = add(plan, "0.0.0.0", 80);
  add(plan, "127.0.0.1", 81);
  add(plan, "127.0.0.2", 80).options.bind = true;
  plan.fold();
  ASSERT_EQ(wide.folded.size(), 1u);
  EXPECT_EQ(&wide.meant(Address("127.0.0.1", 80).get()), &narrow);
  EXPECT_EQ(&wide.meant(Address("127.0.0.9", 80).get()), &wide);
  EXPECT_TRUE(narrow.folded.empty());
}

TEST(Sockets, AFoldedAddressHasNoSocket) {
  ListenPlan plan;
  uint16_t port = free_port();
  add(plan, "127.0.0.1", port);
  add(plan, "0.0.0.0", port);
  plan.fold();
  Sockets sockets;
  ASSERT_TRUE(sockets.open(plan, 1, Sockets(), kOnce));
  EXPECT_EQ(sockets.for_worker(0).size(), 1u);
}

TEST(Sockets, OptionsReachTheKernel) {
  ListenPlan plan;
  ListenOptions& options = add(plan, "127.0.0.1", free_port()).options;
  options.keepalive = ListenOptions::KeepAlive::on;
  options.keepidle = 77;
  options.deferred = true;
  options.rcvbuf = 16384;
  Sockets sockets;
  ASSERT_TRUE(sockets.open(plan, 1, Sockets(), kOnce));
  int fd = sockets.for_worker(0)[0].fd;
  EXPECT_EQ(option(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
  EXPECT_EQ(option(fd, SOL_SOCKET, SO_REUSEADDR), 1);
  EXPECT_EQ(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 77);
  EXPECT_GT(option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
  EXPECT_EQ(option(fd, SOL_SOCKET, SO_RCVBUF), 32768);  // the kernel doubles it
  EXPECT_NE(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
}

TEST(Sockets, ReuseportGivesEachWorkerItsOwn) {
  ListenPlan plan;
  add(plan, "127.0.0.1", free_port()).options.reuseport = true;
  Sockets sockets;
  ASSERT_TRUE(sockets.open(plan, 3, Sockets(), kOnce));
  int first = sockets.for_worker(0)[0].fd;
  int second = sockets.for_worker(1)[0].fd;
  EXPECT_NE(first, second);
  sockets.keep_only(1);
  EXPECT_FALSE(is_open(first));
  EXPECT_TRUE(is_open(second));
  EXPECT_EQ(sockets.for_worker(1)[0].fd, second);
}

TEST(Sockets, ReuseportMayComeWithAReload) {
  uint16_t port = free_port();
  ListenPlan before;
  add(before, "127.0.0.1", port);
  Sockets old;
  ASSERT_TRUE(old.open(before, 2, Sockets(), kOnce));
  ListenPlan after;
  add(after, "127.0.0.1", port).options.reuseport = true;
  Sockets fresh;
  ASSERT_TRUE(fresh.open(after, 2, old, kOnce));
  fresh.replace(old);
  EXPECT_NE(fresh.for_worker(0)[0].fd, fresh.for_worker(1)[0].fd);
  Sockets again;
  ASSERT_TRUE(again.open(before, 2, fresh, kOnce));
  int extra = fresh.for_worker(1)[0].fd;
  again.replace(fresh);
  EXPECT_FALSE(is_open(extra));
  EXPECT_EQ(again.for_worker(0)[0].fd, again.for_worker(1)[0].fd);
}

TEST(Sockets, AReloadKeepsWhatStaysAndClosesWhatGoes) {
  uint16_t stays = free_port();
  ListenPlan before;
  add(before, "127.0.0.1", stays);
  add(before, "127.0.0.1", free_port());
  Sockets old;
  ASSERT_TRUE(old.open(before, 1, Sockets(), kOnce));
  int kept = old.for_worker(0)[0].fd;
  int gone = old.for_worker(0)[1].fd;
  ListenPlan after;
  add(after, "127.0.0.1", stays);
  add(after, "127.0.0.1", free_port());
  Sockets fresh;
  ASSERT_TRUE(fresh.open(after, 1, old, kOnce));
  fresh.replace(old);
  EXPECT_EQ(fresh.for_worker(0)[0].fd, kept);
  EXPECT_TRUE(is_open(kept));
  EXPECT_FALSE(is_open(gone));
}

TEST(Sockets, AReloadThatFailsChangesNothing) {
  uint16_t stays = free_port();
  ListenPlan before;
  add(before, "127.0.0.1", stays).options.reuseport = true;
  Sockets old;
  ASSERT_TRUE(old.open(before, 2, Sockets(), kOnce));
  int first = old.for_worker(0)[0].fd;
  ListenPlan after;
  add(after, "127.0.0.1", stays).options.reuseport = true;
  add(after, "192.0.2.1", 80);  // an address of nobody
  Sockets fresh;
  EXPECT_FALSE(fresh.open(after, 4, old, kOnce));
  EXPECT_EQ(fresh.size(), 0u);
  EXPECT_EQ(old.for_worker(0)[0].fd, first);
  EXPECT_EQ(old.for_worker(2)[0].fd, first) << "those opened for more workers are closed again";
}

TEST(Sockets, APortInUseIsTriedAgainAndThenAFailure) {
  uint16_t port = free_port();
  ListenPlan plan;
  add(plan, "127.0.0.1", port);
  Sockets holder;
  ASSERT_TRUE(holder.open(plan, 1, Sockets(), kOnce));
  Sockets second;
  EXPECT_FALSE(second.open(plan, 1, Sockets(), {2, 1}));
  EXPECT_TRUE(Sockets::test(plan)) << "in use by the running server: no fault of the configuration";
}

TEST(Sockets, UnixSocketsReplaceAStaleFileAndLeaveNone) {
  std::string path = "/tmp/sluice-unit-" + std::to_string(getpid()) + ".sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path.c_str(), path.size());
  int stale = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(stale, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  close(stale);
  ListenPlan plan;
  plan.add(reinterpret_cast<sockaddr*>(&address), sizeof address, SOCK_STREAM, "unix:" + path);
  Sockets sockets;
  ASSERT_TRUE(sockets.open(plan, 1, Sockets(), kOnce));
  struct stat about {};
  ASSERT_EQ(stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0666u);
  Sockets other;
  EXPECT_FALSE(other.open(plan, 1, Sockets(), kOnce)) << "somebody listens there";
  EXPECT_EQ(stat(path.c_str(), &about), 0) << "and keeps the file";
  sockets.close();
  EXPECT_NE(stat(path.c_str(), &about), 0);
}

}  // namespace
}  // namespace sluice::os
