// What a running binary hands to the one that takes its place: listening sockets and shared memory zones, as
// descriptors that live across the exec and are named in one environment variable. The other side may be any
// version, so nothing is believed that the descriptors themselves do not say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "os/listeners.h"
#include "shm/zones.h"

namespace sluice::os {

inline constexpr const char* kInheritance = "SLUICE_INHERITED";

// In the child that is about to exec: the variable's value, and the descriptors stay open.
std::string hand_on(const Sockets& sockets, const shm::Zones& zones);

struct Inheritance {
  bool present = false;
  Sockets sockets;
  shm::Zones zones;
};
// What was handed to this process; removes the variable. Descriptors that are no listening sockets are left
// alone.
Inheritance take_inheritance();

// The parts of the value, for the parser's test: "1 sockets=3,4 zones=…".
struct Handed {
  std::vector<int> sockets;
  std::vector<int> given;  // of them, those that the service manager opened
  std::string zones;
};
bool parse_handed(std::string_view text, Handed& out);

}  // namespace sluice::os
