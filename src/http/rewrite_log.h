// What rewriting tells of itself: `rewrite_log` and `uninitialized_variable_warn`.
#pragma once

#include "http/request.h"

namespace sluice::http {

struct RewriteSettings {
  bool log = false;
  bool warn_uninitialized = true;
};

#define SLUICE_REWRITE_LOG(request_, ...)                   \
  do {                                                      \
    if ((request_).settings<RewriteSettings>().log) {       \
      SLUICE_REQUEST_LOG(request_, notice, 0, __VA_ARGS__); \
    }                                                       \
  } while (false)

inline void log_match(const Request& request, const std::string& pattern, string_view subject, bool matched) {
  SLUICE_REWRITE_LOG(request, matched ? "\"%s\" matches \"%.*s\"" : "\"%s\" does not match \"%.*s\"",
                     pattern.c_str(), static_cast<int>(subject.size()), subject.data());
}

}  // namespace sluice::http
