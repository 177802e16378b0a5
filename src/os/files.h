// Files of the process: logs that can be reopened, temporary files, the folders they live in.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "conf/build.h"

namespace sluice::os {

// The log file of this path: one per path and process, however many settings name it. It is opened by
// open_pending(), after the whole configuration was found good; until then its descriptor is -1. "stderr" is
// standard error. The descriptor's number stays the same for the file's life.
std::shared_ptr<log::File> open_log(const std::string& path);
// Opens what open_log() promised (append, create 0644); says in the log what cannot be opened.
bool open_pending();
// Opens one; false with errno.
bool open_now(log::File& file);
// Opens every file anew under its path, as log rotation needs (USR1). A file that cannot be opened goes on as
// it is. With `owner` set, files are given to that user, so that workers can reopen them too.
struct Owner {
  uid_t user = static_cast<uid_t>(-1);
  gid_t group = static_cast<gid_t>(-1);
};
void reopen_all(const Owner* owner);

// A file in `dir` for this process alone (0600). It has no name, unless `path` asks for one.
Result<int> make_temp_file(const std::string& dir, std::string* path);

// The folder and what is missing above it. What is made belongs to `owner` (0700), parents to the caller
// (0755).
bool make_directory(const std::string& path, const Owner* owner);
// Folders that features write to (temporary files, stores); made before the workers start. Found with
// Build::shared<DirectoryPlan>("directories", "").
struct DirectoryPlan {
  std::vector<std::string> paths;  // absolute
};
DirectoryPlan& directory_plan(conf::Config& config);

// Appears complete or not at all.
bool write_pid_file(const std::string& path, pid_t pid);
// Whether it could be written; for -t.
bool test_pid_file(const std::string& path);

// Descriptors 0 to 2 that are not open become /dev/null: a log or a socket must not become one of them.
void open_standard_descriptors();

}  // namespace sluice::os
