// MD5 (RFC 1321): for formats that ask for it. It protects nothing against who can choose both texts.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sluice {

using Md5 = std::array<uint8_t, 16>;
Md5 md5(std::string_view text);

}  // namespace sluice
