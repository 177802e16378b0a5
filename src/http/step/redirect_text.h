// How the target of a `rewrite` that redirects is written.
#pragma once

#include <string_view>

#include "base/arena.h"

namespace sluice::http {

// Escapes of what needs none are taken back, up to the first question mark, escaped or not: pieces of the
// path were escaped for a query, which is stricter than a path needs.
std::string_view unescape_redirect(Arena& arena, std::string_view text);

}  // namespace sluice::http
