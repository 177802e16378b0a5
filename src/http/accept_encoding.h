// Accept-Encoding (RFC 9110 12.5.3): how much a client likes a content coding.
#pragma once

#include <string_view>

namespace sluice::http {

// In thousandths; 0: it must not be used. `field` is the combined value of all Accept-Encoding lines. A
// client that says nothing is taken to want no coding. x-gzip is gzip (RFC 9110 8.4.1.3).
int coding_quality(std::string_view field, std::string_view coding);

}  // namespace sluice::http
