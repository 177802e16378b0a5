// -v, -V and -h. Deployment tools read -V, so it lists nothing that does not work.
#pragma once

#include <string>

namespace sluice::cli {

std::string version_text();        // sluice version: sluice/0.1.0
std::string configuration_text();  // built by …, configure arguments: …
std::string help_text();

}  // namespace sluice::cli
