// `sluice fmt`: one form for all files. Indented by 4, a directive to a line, one blank between words, at
// most one empty line, long directives wrapped. Words stay as they are written, quotes and escapes included,
// and so do comments, where they are: the meaning never changes, and a text in this form is left as it is.
#pragma once

#include <string>

#include "conf/diagnostics.h"
#include "conf/tree.h"

namespace sluice::conf {

struct Formatted {
  Tree tree;                // what the diagnostics point into
  Diagnostics diagnostics;  // failed: the syntax is broken, and there is no text
  std::string text;
};

// Only the lexer's rules matter: directives need not exist, and includes are not followed.
Formatted format_text(const std::string& name, std::string text);

}  // namespace sluice::conf
