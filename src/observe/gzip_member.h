// Compression of buffered logs.
#pragma once

#include <string>
#include <string_view>

namespace sluice::observe {

// A complete gzip member (RFC 1952): members written one after another are one gzip file.
std::string gzip_member(std::string_view text, int level);

}  // namespace sluice::observe
