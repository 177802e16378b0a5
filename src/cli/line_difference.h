// The difference of two texts, as `diff -u` prints it.
#pragma once

#include <string>
#include <string_view>

namespace sluice::cli {

// Empty when they are the same.
std::string line_difference(std::string_view before, std::string_view after, const std::string& name_before,
                            const std::string& name_after);

}  // namespace sluice::cli
