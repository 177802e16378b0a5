// Configuration files on disk.
#pragma once

#include <string>
#include <vector>

#include "conf/tree.h"

namespace sluice::conf {

// Reads `path` whole; a byte order mark is dropped. False with `error` in nginx's words: open() "…" failed
// (2: No such file or directory).
bool read_source(const std::string& path, std::string& text, std::string& error);

// As above, from standard input.
bool read_standard_input(std::string& text, std::string& error);

// The files that an include names, sorted. A mask that matches nothing gives none; a plain name gives itself.
// `written` is relative to `base`. False with `error` when the mask cannot be expanded.
bool included_paths(const std::string& base, const std::string& written, std::vector<std::string>& paths,
                    std::string& error);

// A file of another machine's nginx: what is named below /etc/nginx, or wherever it was installed, is looked
// for below `base` when it is not there.
bool moved_paths(const std::string& base, const std::string& written, std::vector<std::string>& paths,
                 std::string& error);

}  // namespace sluice::conf
