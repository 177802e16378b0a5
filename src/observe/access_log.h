// access_log: which lines are written where when a request ends.
#pragma once

#include <memory>
#include <vector>

#include "conf/expression.h"
#include "observe/log_file.h"
#include "observe/log_file_cache.h"
#include "observe/log_format.h"
#include "os/syslog.h"

namespace sluice::observe {

// One access_log: exactly one of file, path and syslog says where to.
struct AccessLog {
  const LogFormat* format = nullptr;
  LogFile* file = nullptr;
  conf::Expression path;                          // contains variables: opened when needed
  const conf::Variable* document_root = nullptr;  // with `path`: this folder must exist
  std::shared_ptr<os::Syslog> syslog;
  conf::Expression condition;  // empty: every request
};

struct AccessLogSettings {
  // Shared by all blocks that inherit it; null: off.
  std::shared_ptr<std::vector<AccessLog>> logs = std::make_shared<std::vector<AccessLog>>();
  bool said = false;  // false: nobody wrote access_log, the default is to be used
};

struct LogFileCacheSettings {
  std::shared_ptr<LogFileCache> cache;  // null: off
};

}  // namespace sluice::observe
