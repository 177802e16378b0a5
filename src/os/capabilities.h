// What root may do, cut down to what a process needs: capabilities(7).
#pragma once

#include <cstdint>
#include <initializer_list>

namespace sluice::os {

// A set of capabilities by number, as <linux/capability.h> numbers them.
class Capabilities {
 public:
  Capabilities() = default;
  Capabilities(std::initializer_list<int> numbers) {
    for (int number : numbers) { bits_ |= uint64_t{1} << number; }
  }
  bool has(int number) const { return (bits_ >> number & 1) != 0; }
  uint64_t bits() const { return bits_; }

 private:
  uint64_t bits_ = 0;
};

// What the master keeps: binding, signals, becoming the workers' user, and files of others (logs, keys).
Capabilities master_capabilities();

// Keeps at most `kept` in this process and in all that it starts or becomes. Where the bounding set cannot be
// changed, which needs CAP_SETPCAP, it is left as it is. False with errno when the rest could not be done.
bool limit_capabilities(Capabilities kept);
// The part of it that must be done while this process is still root: the bounding set.
void limit_bounding_set(Capabilities kept);

}  // namespace sluice::os
