#include "os/inheritance.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace sluice::os {
namespace {

TEST(Inheritance, IsParsed) {
  Handed handed;
  ASSERT_TRUE(parse_handed("1 sockets=3,17 zones=limit/a:5; future=x", handed));
  EXPECT_EQ(handed.sockets, (std::vector<int>{3, 17}));
  EXPECT_EQ(handed.zones, "limit/a:5;");
  Handed empty;
  EXPECT_TRUE(parse_handed("1 sockets= zones=", empty));
  EXPECT_TRUE(empty.sockets.empty());
}

TEST(Inheritance, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"", "2 sockets=3", "1sockets=3", "1 sockets=-1", "1 sockets=3,",
                           "1 sockets=99999999999", "1 sockets=3;4"}) {
    Handed handed;
    EXPECT_FALSE(parse_handed(text, handed)) << text;
  }
}

TEST(Inheritance, TakesListeningSocketsAndNothingElse) {
  int listening = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listening, 1), 0);
  int other = socket(AF_INET, SOCK_STREAM, 0);
  std::string text =
      "1 sockets=" + std::to_string(listening) + "," + std::to_string(other) + ",1000000 zones=";
  setenv(kInheritance, text.c_str(), 1);
  Inheritance taken = take_inheritance();
  EXPECT_EQ(getenv(kInheritance), nullptr);
  EXPECT_TRUE(taken.present);
  EXPECT_EQ(taken.sockets.descriptors(), std::vector<int>{listening});
  EXPECT_NE(fcntl(listening, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(fcntl(other, F_GETFD), 0);  // left as it was
  close(other);
}

TEST(Inheritance, ComesBackAsItWasHandedOn) {
  EXPECT_FALSE(take_inheritance().present);
  std::string text = hand_on(Sockets(), shm::Zones());
  Handed handed;
  EXPECT_TRUE(parse_handed(text, handed));
  EXPECT_TRUE(handed.sockets.empty());
}

}  // namespace
}  // namespace sluice::os
