// Opening a path while symbolic links in it are not trusted. Every component is opened from the folder before
// it, so that nothing can be exchanged between a look and a use.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::http {

using std::string_view;

enum class Symlinks : uint8_t {
  follow,
  refuse,
  same_owner,  // followed when the link and what it leads to belong to the same user
};

struct GuardedPath {
  const char* name = "";  // absolute
  Symlinks symlinks = Symlinks::follow;
  size_t trusted = 0;  // so many characters of it are not looked at
};

// The descriptor; negative with errno. For a link that may not be followed that is ELOOP, or ENOTDIR where
// none is followed and more stands behind it.
int open_path(const GuardedPath& path, int flags);

// How much of `name` is trusted when `from` is: whole components, or nothing.
size_t trusted_part(string_view name, string_view from);

}  // namespace sluice::http
