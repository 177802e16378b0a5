// `random_index`: a file of the folder, another each time, for a path that ends in a slash.
#pragma once

#include <string_view>

#include "http/step.h"

namespace sluice::http {

// `folder` is what the path is mapped to, with a NUL behind it. next: not asked for, or there is no file.
Verdict answer_with_any(Request& request, std::string_view folder);

}  // namespace sluice::http
