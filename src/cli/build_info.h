// Which of nginx's modules are here, in the words of its configure script.
#pragma once

#include <string>

namespace sluice::cli {

// Whether a directive of this name exists anywhere.
bool has_directive(const char* name);
// "--prefix=/usr/local/sluice --with-… --without-…"
std::string configure_arguments();

}  // namespace sluice::cli
