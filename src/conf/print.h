// The configuration and its language, written out for a person.
#pragma once

#include <string>

#include "conf/tree.h"

namespace sluice::conf {

// What -T prints: every file that was read, once, each under a line with its path.
std::string dump(const Tree& tree);

// The reference of all directives and variables that are built in, by name. As mdoc(7): the page
// sluice.conf(5) whole. As plain text: for a terminal.
std::string manual_mdoc();
std::string manual_plain();

}  // namespace sluice::conf
