// When a worker crashes: one line in the error log that says which one, and what it was serving. Then the
// signal takes its course.
#pragma once

namespace sluice::os {

// For SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT. Does nothing in a build with sanitizers: they tell more.
void report_crashes(unsigned generation);

}  // namespace sluice::os
