// Words to typed values: one parser per type, each saying in one sentence what it expected.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace sluice::conf {

// Bytes: 512, 8k, 1m, 1g (any case).
struct Size {
  uint64_t bytes = 0;
};
// Milliseconds: 30 (seconds), 500ms, 1m, 1h 30m, 1d, 1w, 1M (30 days), 1y (365 days).
struct Milliseconds {
  uint64_t count = 0;
};
// As Milliseconds, but a bare number and the resolution are seconds.
struct Seconds {
  uint64_t count = 0;
};
// proxy_buffers and its like: "8 16k".
struct Buffers {
  uint32_t count = 0;
  uint64_t size = 0;
};

std::optional<Size> parse_size(std::string_view text);
std::optional<Milliseconds> parse_milliseconds(std::string_view text);
std::optional<Seconds> parse_seconds(std::string_view text);
std::optional<bool> parse_flag(std::string_view text);        // on | off
std::optional<uint64_t> parse_number(std::string_view text);  // digits only
std::optional<int64_t> parse_signed(std::string_view text);

}  // namespace sluice::conf
