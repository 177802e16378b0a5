// What a configuration written for nginx meets here, directive by directive.
#pragma once

#include <string>
#include <vector>

#include "conf/diagnostics.h"
#include "conf/directive.h"
#include "conf/tree.h"

namespace sluice::cli {

struct MigrationFinding {
  enum class Status { supported, different, unsupported } status;
  const conf::Node* node;
  conf::Context context;
  std::string detail;  // what is different, or why it is not supported
};

struct Migration {
  std::vector<MigrationFinding>
      directives;  // in the order of the file, those of included files in their place
  std::vector<const conf::Diagnostic*> notes;  // what is missing on this machine
  size_t count(MigrationFinding::Status status) const;
};

// `built`: what building the tree said of it. What it says of files that are not there is a note.
Migration check_migration(const conf::Tree& tree, const conf::Diagnostics& built);

}  // namespace sluice::cli
