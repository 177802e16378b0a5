#pragma once

#include <cstdint>

namespace lossless {

struct ClientOptions {
  uint16_t port = 0;
  double scale = 1;                  // of the number of users
  uint64_t socket_life = 5'000'000;  // microseconds that a WebSocket lives
};

// Makes requests of all kinds until SIGTERM, then waits for what is under way and prints the accounts.
// Returns the exit code: 0, whatever was lost.
int run_client(const ClientOptions& options);

}  // namespace lossless
