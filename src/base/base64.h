// Base64 (RFC 4648 4).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace sluice {

// Room that decoding `text` may need.
constexpr size_t base64_room(std::string_view text) { return text.size() / 4 * 3 + 3; }
// Writes the decoded bytes to `out` and returns how many; null when `text` is no Base64. Padding may be
// missing, as HTTP clients leave it out.
std::optional<size_t> decode_base64(std::string_view text, char* out);

}  // namespace sluice
