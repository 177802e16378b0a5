// Signals as something to read: all that matter are blocked from the start and come through a descriptor, so
// no handler ever interrupts anything.
#pragma once

#include <sys/types.h>

#include <initializer_list>

namespace sluice::os {

struct Signal {
  int number = 0;
  pid_t sender = 0;
  bool from_kernel = false;  // of the terminal, not of a person
};

// A peer that left and a file that may not grow are told by the call that failed.
void ignore_failed_writes();
// Blocks the signals that this program knows.
void block_signals();
// A descriptor (non-blocking) that tells of these.
int open_signals(std::initializer_list<int> numbers);
// False when there is none left.
bool next_signal(int fd, Signal& signal);
// nginx's line: signal 15 (SIGTERM) received from 123, exiting
void log_signal(const Signal& signal, const char* action);

}  // namespace sluice::os
