#include "cli/options.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "config.h"

namespace sluice::cli {

namespace {

// Walks over the letters of one argument: "-tc file" is -t -c file.
class Reader {
 public:
  Reader(int argc, const char* const* argv, Options& options, std::string& error)
      : argc_(argc), argv_(argv), options_(options), error_(error) {}

  bool read() {
    for (at_ = 1; at_ < argc_; ++at_) {
      std::string_view word = argv_[at_];
      if (word == "--manual" || word == "--manual=mdoc") {
        options_.manual = word == "--manual" ? "plain" : "mdoc";
        continue;
      }
      if (word == "--no-wait") {
        options_.no_wait = true;
        continue;
      }
      if (!word.starts_with('-')) { return fail("invalid option: \"" + std::string(word) + "\""); }
      if (!letters(word)) { return false; }
    }
    return true;
  }

 private:
  bool fail(std::string text) {
    error_ = std::move(text);
    return false;
  }

  bool letters(std::string_view word) {
    for (size_t i = 1; i < word.size(); ++i) {
      char letter = word[i];
      if (flag(letter)) { continue; }
      // The value is the rest of the word, or the next one.
      return value(letter, word.substr(i + 1));
    }
    return true;
  }

  bool flag(char letter) {
    switch (letter) {
      case '?':
      case 'h':
        options_.help = options_.version = true;
        return true;
      case 'v':
        options_.version = true;
        return true;
      case 'V':
        options_.version = options_.configuration = true;
        return true;
      case 't':
        options_.test = true;
        return true;
      case 'T':
        options_.test = options_.dump = true;
        return true;
      case 'q':
        options_.quiet = true;
        return true;
      default:
        return false;
    }
  }

  bool value(char letter, std::string_view rest) {
    static constexpr struct {
      char letter;
      std::string Options::*member;
      const char* what;
    } kValues[] = {{'p', &Options::prefix, "directory name"},
                   {'c', &Options::conf, "file name"},
                   {'e', &Options::error_log, "file name"},
                   {'g', &Options::directives, "parameter"},
                   {'s', &Options::signal, "signal"}};
    for (const auto& known : kValues) {
      if (known.letter != letter) { continue; }
      if (rest.empty() && at_ + 1 < argc_) { rest = argv_[++at_]; }
      if (rest.empty()) {
        return fail(letter == 's' ? std::string("option \"-s\" requires parameter")
                                  : std::string("option \"-") + letter + "\" requires " + known.what);
      }
      options_.*known.member = rest;
      return letter != 's' || signal_name(rest);
    }
    return fail(std::string("invalid option: \"") + letter + "\"");
  }

  bool signal_name(std::string_view name) {
    static constexpr std::string_view kNames[] = {"stop", "quit", "reopen", "reload"};
    if (std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames)) { return true; }
    return fail("invalid option: \"-s " + std::string(name) + "\"");
  }

  int argc_;
  const char* const* argv_;
  Options& options_;
  std::string& error_;
  int at_ = 1;
};

std::string absolute(const std::string& path, const std::string& base) {
  return path.starts_with('/') ? path : base + path;
}

std::string current_folder() {
  char folder[4096];
  return getcwd(folder, sizeof folder) == nullptr ? "/" : std::string(folder) + "/";
}

// The path of the program as the shell found it: what lies there is what an upgrade starts, even after the
// file was replaced.
std::string program_path(const std::string& name) {
  if (name.starts_with('/')) { return name; }
  if (name.find('/') != std::string::npos) { return current_folder() + name; }
  const char* path = getenv("PATH");
  for (Split part{{}, path == nullptr ? "" : path, true}; part.found;) {
    part = split(part.tail, ':');
    std::string candidate = (part.head.empty() ? current_folder() : std::string(part.head) + "/") + name;
    if (access(candidate.c_str(), X_OK) == 0) { return absolute(candidate, current_folder()); }
  }
  return name;
}

}  // namespace

bool parse_options(int argc, const char* const* argv, Options& options, std::string& error) {
  return Reader(argc, argv, options, error).read();
}

os::Invocation invocation_of(const Options& options, int argc, const char* const* argv) {
  os::Invocation invocation;
  invocation.arguments.assign(argv, argv + argc);
  if (argc > 0) { invocation.binary = program_path(argv[0]); }
  conf::Paths& paths = invocation.paths;
  paths.prefix = options.prefix.empty() ? SLUICE_PREFIX : options.prefix;
  if (!paths.prefix.starts_with('/')) { paths.prefix = current_folder() + paths.prefix; }
  if (!paths.prefix.ends_with('/')) { paths.prefix += '/'; }
  paths.conf_path = absolute(options.conf.empty() ? SLUICE_CONF_PATH : options.conf, paths.prefix);
  paths.conf_prefix = paths.conf_path.substr(0, paths.conf_path.rfind('/') + 1);
  bool to_terminal = options.error_log == "stderr";
  std::string log = options.error_log.empty() ? SLUICE_ERROR_LOG_PATH : options.error_log;
  invocation.error_log = to_terminal ? log : absolute(log, paths.prefix);
  invocation.directives = options.directives;
  return invocation;
}

}  // namespace sluice::cli
