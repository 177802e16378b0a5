// The script of a block: the directives that stand in it in the order of the file, each a command. A server's
// script runs before a location is chosen, a location's after. An inner `if` is one command with a script.
#pragma once

#include <memory>
#include <vector>

#include "conf/build.h"
#include "http/request.h"
#include "http/rewrite_log.h"

namespace sluice::http {

// How far a script has come.
struct Progress {
  Request& request;
  Verdict verdict = Verdict::next;  // what the step says, when a command has decided it
  bool path_changed = false;        // a location must be looked for
  bool settings_changed = false;    // request.location is an `if` now
};

enum class Course : uint8_t { next, stop };

class Command {
 public:
  virtual ~Command() = default;
  virtual Course run(Progress& progress) const = 0;
};

using Script = std::vector<std::shared_ptr<const Command>>;
Course run(const Script& script, Progress& progress);

// Ends the script with an answer.
inline Course answer(Progress& progress, Verdict verdict) {
  progress.verdict = verdict;
  return Course::stop;
}

// Of one block alone.
struct ScriptSettings {
  Script script;
};

inline Script& script_of(conf::Scope& scope) { return scope.own<ScriptSettings>().script; }

// Where the commands of a script may stand.
inline constexpr uint32_t kInScripts = conf::kServer | conf::kLocation | conf::kServerIf | conf::kLocationIf;

}  // namespace sluice::http
