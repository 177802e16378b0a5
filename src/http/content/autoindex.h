// `autoindex`: the list of a folder's files, for a path that ends in a slash and has no index file.
#pragma once

#include <string_view>

#include "http/step.h"

namespace sluice::http {

// `folder` is what the path is mapped to, with a NUL behind it. next: lists are not shown here.
Verdict answer_with_list(Request& request, std::string_view folder);

}  // namespace sluice::http
