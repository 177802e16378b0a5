// How a location looks for files: `open_file_cache` and `disable_symlinks`. Everything that serves files, or
// asks whether they are there, does it through here.
#pragma once

#include <cerrno>

#include "conf/expression.h"
#include "conf/value.h"
#include "http/file_cache.h"

namespace sluice::http {

class Request;

struct FileLookupSettings {
  FileCache* cache = nullptr;  // none: every time anew
  conf::Milliseconds cache_valid{60'000};
  uint64_t cache_min_uses = 1;
  bool cache_errors = false;
  Symlinks symlinks = Symlinks::follow;
  conf::Expression trusted;  // empty: nothing is
};

// `name` is absolute and has a NUL behind it. For reading:
FoundFile open_file(Request& request, string_view name);
// Whether it is there, and what it is:
FoundFile look_up_file(Request& request, string_view name);
// The path with the location's rule for symbolic links.
GuardedPath guarded_path(Request& request, string_view name);

// What such an error means to a client.
inline uint16_t status_of_missing(int error) {
  bool missing = error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG;
  return missing ? 404 : error == EACCES || error == ELOOP ? 403 : 500;
}

}  // namespace sluice::http
