// argv to a command: help and version, a configuration test, a signal to the master, or the server itself.
#include <cstdio>
#include <vector>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/version.h"
#include "conf/print.h"
#include "os/files.h"
#include "os/start.h"
#include "os/title.h"

int main(int argc, char** argv) {
  using namespace sluice;
  os::open_standard_descriptors();
  if (const cli::CommandRow* command = argc > 1 ? cli::find_command(argv[1]) : nullptr; command != nullptr) {
    return command->run({argv + 2, argv + argc}, argv[0]);
  }
  cli::Options options;
  std::string error;
  if (!cli::parse_options(argc, argv, options, error)) {
    fprintf(stderr, "sluice: %s\n", error.c_str());
    return 1;
  }
  if (options.version) {
    std::string text = cli::version_text();
    if (options.help) { text += cli::help_text(); }
    if (options.configuration) { text += cli::configuration_text(); }
    fputs(text.c_str(), stderr);
    if (!options.test) { return 0; }
  }
  if (!options.manual.empty()) {
    fputs((options.manual == "mdoc" ? conf::manual_mdoc() : conf::manual_plain()).c_str(), stdout);
    return 0;
  }
  os::Invocation invocation = cli::invocation_of(options, argc, argv);
  os::take_title_room(argc, argv);
  os::open_first_log(invocation);
  if (!options.signal.empty()) { return cli::send_signal(invocation, options); }
  if (options.test) { return cli::test_configuration(invocation, options); }
  return os::run_server(invocation);
}
