// What browsers of old times cannot deal with, told by User-Agent.
#pragma once

#include <string_view>

namespace sluice::http {

// Internet Explorer of any version.
bool is_explorer(std::string_view user_agent);
// Versions 4 to 6.
bool is_old_explorer(std::string_view user_agent);
// Safari on macOS.
bool is_safari(std::string_view user_agent);
// Shows pages of its own in the place of short ones.
bool wants_padding(std::string_view user_agent);

}  // namespace sluice::http
