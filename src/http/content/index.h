// `index`: what answers for a path that ends in a slash.
#pragma once

#include <string_view>

#include "http/step.h"

namespace sluice::http {

// `folder` is what the path is mapped to, with a NUL behind it. next: none of the files exists, but the
// folder does.
Verdict answer_with_index(Request& request, std::string_view folder);

}  // namespace sluice::http
