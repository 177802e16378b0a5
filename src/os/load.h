// From the command line and the file to a configuration that is ready to serve: parsed, built, checked.
#pragma once

#include <memory>

#include "conf/diagnostics.h"
#include "conf/parser.h"
#include "os/invocation.h"

namespace sluice::os {

struct Loaded {
  std::unique_ptr<conf::Config> config;
  conf::Tree tree;  // its files are what -T prints
  conf::Diagnostics diagnostics;
  uint64_t hash = 0;  // of all the text that was read
  bool good() const { return config != nullptr && !diagnostics.failed(); }
};

// For who reads a configuration without serving it.
struct LoadOptions {
  conf::Includes includes = conf::Includes::follow;
  bool elsewhere = false;  // see conf::Config
  conf::BuildObserver* observer = nullptr;
  size_t most_findings = conf::Diagnostics::kMost;
};

// Reads -g, then the file, and builds. Touches nothing but the files it reads.
Loaded load(const Invocation& invocation, const LoadOptions& how = {});
// Once nobody reads it any more: gives the text's memory back to the system. Otherwise each worker is forked
// with what is left of it.
void forget_text(Loaded& loaded);
// Prints what was found on standard error, for a person, and puts it into the log, a line each.
void report(const conf::Diagnostics& diagnostics, bool on_terminal);
// Opens the log files and makes the folders that a good configuration names; says in the log what failed.
bool prepare(conf::Config& config);
// Where the pid file is, made absolute.
std::string pid_path(const conf::Config& config);
// Makes what the configuration says at main level the log of this process.
void use_main_log(const conf::Config& config);

}  // namespace sluice::os
