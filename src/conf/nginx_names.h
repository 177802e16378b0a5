// The directives that nginx documents, for telling what is not supported from what is misspelt.
#pragma once

#include <string_view>

namespace sluice::conf {

bool is_nginx_directive(std::string_view name);

}  // namespace sluice::conf
