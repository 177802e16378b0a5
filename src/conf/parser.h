// Text to tree. nginx's lexer: words separated by white space, '…' and "…" quotes with backslash escapes, #
// comments, ; ends a directive, { } a block, ${var} kept together. `include` (with globs) is resolved here.
#pragma once

#include <string>

#include "conf/diagnostics.h"
#include "conf/escapes.h"
#include "conf/tree.h"

namespace sluice::conf {

// What becomes of an include: its files are read, it stays in the tree as a directive like any other, or they
// are read where they can be and what is missing is a warning ("missing-include").
enum class Includes : uint8_t { follow, keep, excuse };

struct ParseOptions {
  std::string include_base;  // folder that relative include paths start from: that of the main file
  size_t most_depth = 32;    // nested includes; deeper is an error (a file including itself)
  size_t most_block_depth = 128;
  Includes includes = Includes::follow;
  Environment environment = Environment::replace;
};

// Reads and parses `path`. Errors go to `diagnostics`; the tree holds what could be understood.
Tree parse_file(const std::string& path, const ParseOptions& options, Diagnostics& diagnostics);
// Parses `text` as if it were the file `name`. `-g` directives are parsed as the file "command line".
void parse_text(Tree& tree, const std::string& name, std::string text, const ParseOptions& options,
                Diagnostics& diagnostics);

}  // namespace sluice::conf
