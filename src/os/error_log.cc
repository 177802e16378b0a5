#include "os/error_log.h"

#include <unistd.h>

#include "os/files.h"
#include "os/syslog.h"

namespace sluice::os {

namespace {

struct Initial {
  log::Log log;
  std::string path;
  int failure = 0;
};

Initial& initial() {
  static auto* first = new Initial;
  return *first;
}

log::Output to_file(conf::Build& build, const std::string& name) {
  std::string path = name == "stderr" ? name : build.config.paths.from_prefix(name);
  return {open_log(path), log::Level::error, nullptr};
}

void set_error_log(conf::Build& build, conf::Scope& scope, const conf::Node& node, const conf::Row& row) {
  const std::string& name = node.argument(0);
  log::Output output;
  if (name.starts_with("syslog:")) {
    output.sink = Syslog::parse(build, node.argument_word(0), name.substr(7));
    if (output.sink == nullptr) { return; }
  } else if (name.starts_with("memory:")) {
    build.error(node.argument_word(0), "a log in memory is not supported");
    return;
  } else {
    output = to_file(build, name);
  }
  if (node.argument_count() > 1) {
    std::optional<log::Level> level = log::parse_level(node.argument(1));
    if (!level) {
      build.error(node.argument_word(1), "invalid log level \"" + node.argument(1) + "\"",
                  "levels are debug, info, notice, warn, error, crit, alert and emerg");
      return;
    }
    output.level = *level;
  }
  auto& settings = scope.own<ErrorLogSettings>();
  if (scope.first_in_block(row)) { settings.log = log::Log(); }
  settings.log.add(std::move(output));
}

const conf::Module<ErrorLogSettings> module(
    "core",
    {conf::Module<ErrorLogSettings>::RowSpec(
         "error_log",
         conf::kMain | conf::kHttp | conf::kServer | conf::kLocation | conf::kStream | conf::kStreamServer,
         conf::arguments(1, 2), set_error_log,
         "file | stderr | syslog:server=address[,parameter=value] [level]",
         "Where errors are logged, from which level on. Several may be given in one block; they replace "
         "those "
         "of the blocks around it.",
         "logs/error.log error")
         .repeating()});

}  // namespace

void set_initial_log(log::Log log, std::string path, int failure) {
  initial() = {std::move(log), std::move(path), failure};
}

const log::Log& initial_log() { return initial().log; }

bool check_main_log(const conf::Config& config) {
  const Initial& first = initial();
  const auto& outputs = config.main.get<ErrorLogSettings>().log.outputs();
  if (first.failure == 0 || outputs.empty() || outputs[0].file != first.log.outputs()[0].file) {
    return true;
  }
  log::emerg(first.failure, "open() \"%s\" failed", first.path.c_str());
  return false;
}

void redirect_stderr() {
  for (const log::Output& output : log::main_log().outputs()) {
    if (!output.file || output.file->fd < 0) { continue; }
    if (output.file->fd != STDERR_FILENO) { dup2(output.file->fd, STDERR_FILENO); }
    return;
  }
}

}  // namespace sluice::os
