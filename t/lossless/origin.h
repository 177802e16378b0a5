#pragma once

#include <cstdint>

namespace lossless {

// Answers on 127.0.0.1 until it is killed: /bytes/NUMBER/SIZE with that pattern, /hash/… with the hash of
// what was sent, and WebSockets with what they say.
int run_origin(uint16_t port);

}  // namespace lossless
