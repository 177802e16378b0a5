// The test client with exact accounts, and its origin; lossless.py drives both.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "client.h"
#include "origin.h"

int main(int argc, char** argv) {
  if (argc == 3 && strcmp(argv[1], "origin") == 0) {
    return lossless::run_origin(static_cast<uint16_t>(atoi(argv[2])));
  }
  if (argc >= 3 && strcmp(argv[1], "client") == 0) {
    lossless::ClientOptions options;
    options.port = static_cast<uint16_t>(atoi(argv[2]));
    if (argc > 3) { options.scale = atof(argv[3]); }
    if (argc > 4) { options.socket_life = static_cast<uint64_t>(atof(argv[4]) * 1e6); }
    return lossless::run_client(options);
  }
  fprintf(stderr,
          "usage: lossless origin PORT\n       lossless client PORT [SCALE [WEBSOCKET_LIFE_IN_SECONDS]]\n");
  return 2;
}
