// Commands that are words: `sluice NAME …`. One file a command: its options, its help, what it does. The
// command's name comes first on the command line.
#pragma once

#include <string>
#include <vector>

#include "base/registry.h"
#include "os/invocation.h"

namespace sluice::cli {

// One option of a command, and where its value goes: one of the three pointers is set.
struct Option {
  const char* name;      // "-c" or "--format"
  const char* argument;  // what its value is called; empty for a flag
  const char* manual;
  bool* flag = nullptr;
  std::string* value = nullptr;
  std::vector<std::string>* values = nullptr;  // may be given several times
};

struct CommandRow {
  const char* name;
  const char* summary;
  int (*run)(const std::vector<std::string>& arguments, const char* binary);
};
using CommandRegistration = Registry<const CommandRow>::Entry;

const CommandRow* find_command(const std::string& name);
std::vector<const CommandRow*> all_commands();  // by name

// A wrong command line, and what could not be read at all.
inline constexpr int kUsageError = 2;

// Reads `arguments` into the options; other words go to `words`. "-" is a word, and so is everything behind
// "--". When there is nothing left to do, because help was asked for or something is wrong, it has said so
// and `code` is what to exit with: false.
bool read_arguments(const std::vector<std::string>& arguments, const std::string& usage,
                    const std::string& about, const std::vector<Option>& options,
                    std::vector<std::string>& words, int& code);

// -c, -p and -g of commands that read the configuration.
struct ConfigurationOptions {
  std::string conf, prefix, directives;
  std::vector<Option> with(std::vector<Option> more);
  os::Invocation invocation(const char* binary) const;
};

// Whether `format` is one of `known`; else says so.
bool known_format(const std::string& format, const std::vector<std::string>& known);

int say_usage(const std::string& what);
void print(const std::string& text);

}  // namespace sluice::cli
