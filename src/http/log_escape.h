// Escaping of variables in access log lines: a client must not be able to forge a line or break its format.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::http {

// log_format … escape=
enum class LogEscape : uint8_t {
  text,  // default: '"', '\', bytes below 32 and above 126 as \xXX
  json,  // as inside a JSON string; bytes above 126 stay
  none,
};

void append_log_escaped(std::string& out, std::string_view text, LogEscape how);

}  // namespace sluice::http
