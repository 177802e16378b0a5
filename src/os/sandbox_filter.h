// The filter of system calls itself: the one file that knows libseccomp.
#pragma once

namespace sluice::os {

// Filters the calls of this process from here on. `explain`: calls that are refused are told in the log, at
// debug level. 0, or the errno why there is no filter.
int load_filter(bool explain);

}  // namespace sluice::os
