#include "os/load.h"

#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

#include "base/hash.h"
#include "base/log.h"
#include "config.h"
#include "os/error_log.h"
#include "os/files.h"
#include "os/listeners.h"
#include "os/privilege.h"
#include "os/settings.h"

namespace sluice::os {

namespace {

// The directives of -g stand before those of the file, so that a second one is a duplicate in the file. What
// was said about them refers to their text, so that is kept in any case.
void put_first(conf::Tree& tree, conf::Tree from) {
  std::vector<conf::Node>& nodes = tree.root.children;
  nodes.insert(nodes.begin(), std::make_move_iterator(from.root.children.begin()),
               std::make_move_iterator(from.root.children.end()));
  std::move(from.files.begin(), from.files.end(), std::back_inserter(tree.files));
}

void check(conf::Build& build) {
  const auto& settings = process_settings(build.config);
  if (settings.events == nullptr && !build.diagnostics.failed()) {
    build.error(conf::Word{}, "no \"events\" section in configuration", "add: events { }");
  }
}

}  // namespace

Loaded load(const Invocation& invocation, const LoadOptions& how) {
  Loaded loaded;
  loaded.diagnostics.keep_at_most(how.most_findings);
  conf::ParseOptions options;
  options.include_base = invocation.paths.conf_prefix;
  options.includes = how.includes;
  conf::Tree given;
  if (!invocation.directives.empty()) {
    parse_text(given, "command line", invocation.directives, options, loaded.diagnostics);
  }
  if (loaded.diagnostics.failed()) { given.root.children.clear(); }
  loaded.tree = parse_file(invocation.paths.conf_path, options, loaded.diagnostics);
  bool readable = !loaded.tree.files.empty();
  put_first(loaded.tree, std::move(given));
  for (const auto& file : loaded.tree.files) { loaded.hash = hash(file->text, loaded.hash); }
  if (!readable) { return loaded; }
  loaded.config = std::make_unique<conf::Config>();
  loaded.config->paths = invocation.paths;
  loaded.config->elsewhere = how.elsewhere;
  conf::Build build(*loaded.config, loaded.diagnostics);
  build.observer = how.observer;
  build.run(loaded.tree);
  check(build);
  listen_plan(*loaded.config).fold();
  return loaded;
}

void forget_text(Loaded& loaded) {
  loaded.tree = conf::Tree();
  malloc_trim(0);
}

void report(const conf::Diagnostics& diagnostics, bool on_terminal) {
  if (on_terminal) {
    std::string text = diagnostics.render();
    [[maybe_unused]] ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
  }
  // The terminal has it already, in more words.
  log::Log files;
  for (const log::Output& output : log::main_log().outputs()) {
    bool terminal = output.file && output.file->fd == STDERR_FILENO;
    if (!on_terminal || !terminal) { files.add(output); }
  }
  log::echo_to_stderr(std::nullopt);
  for (const conf::Diagnostic& diagnostic : diagnostics.all()) {
    log::Level level =
        diagnostic.kind == conf::Diagnostic::Kind::error ? log::Level::emerg : log::Level::warn;
    SLUICE_LOG(files, level, nullptr, 0, "%s", conf::Diagnostics::line(diagnostic).c_str());
  }
  if (on_terminal) { log::echo_to_stderr(log::Level::warn); }
}

namespace {
// Whether workers may enter it is theirs to find out: they are somebody else.
bool check_working_directory(const std::string& path) {
  struct stat about {};
  if (path.empty() || (stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode))) { return true; }
  log::emerg(about.st_mode == 0 ? errno : ENOTDIR, "working_directory \"%s\" cannot be used", path.c_str());
  return false;
}
}  // namespace

bool prepare(conf::Config& config) {
  std::optional<Identity> identity;
  if (!worker_identity(config, identity)) { return false; }
  if (!check_main_log(config) || !open_pending()) { return false; }
  if (!check_working_directory(process_settings(config).working_directory)) { return false; }
  Owner owner;
  if (identity) { owner = {identity->user, identity->group}; }
  bool good = true;
  for (const std::string& path : directory_plan(config).paths) {
    good = make_directory(path, identity ? &owner : nullptr) && good;
  }
  return good;
}

std::string pid_path(const conf::Config& config) {
  const std::string& set = process_settings(config).pid;
  return set.empty() ? config.paths.from_prefix(SLUICE_PID_PATH) : set;
}

void use_main_log(const conf::Config& config) { log::set_main_log(config.main.get<ErrorLogSettings>().log); }

}  // namespace sluice::os
