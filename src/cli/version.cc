#include "cli/version.h"

#include <openssl/crypto.h>

#include "base/text.h"
#include "cli/build_info.h"
#include "cli/command.h"
#include "config.h"

namespace sluice::cli {

std::string version_text() { return "sluice version: sluice/" SLUICE_VERSION SLUICE_BUILD_SUFFIX "\n"; }

std::string configuration_text() {
  std::string out = "built by " SLUICE_COMPILER "\n";
  if (has_directive("ssl_certificate")) {
    out += "built with " OPENSSL_VERSION_TEXT "\n";
    std::string running = OpenSSL_version(OPENSSL_VERSION);
    if (running != OPENSSL_VERSION_TEXT) { out.insert(out.size() - 1, " (running with " + running + ")"); }
    out += "TLS SNI support enabled\n";
  }
  return out + "configure arguments: " + configure_arguments() + "\n";
}

std::string help_text() {
  std::string text =
      "Usage: sluice [-?hvVtTq] [-s signal [--no-wait]] [-p prefix]\n"
      "              [-e filename] [-c filename] [-g directives]\n"
      "       sluice command [options]\n"
      "\n"
      "Options:\n"
      "  -?,-h         : this help\n"
      "  -v            : show version and exit\n"
      "  -V            : show version and configure options then exit\n"
      "  -t            : test configuration and exit\n"
      "  -T            : test configuration, dump it and exit\n"
      "  -q            : suppress non-error messages during configuration testing\n"
      "  -s signal     : send signal to a master process: stop, quit, reopen, reload\n"
      "                  (reload waits until the new configuration serves, or says why not)\n"
      "  --no-wait     : with -s reload, do not wait\n"
      "  -p prefix     : set prefix path (default: " SLUICE_PREFIX
      ")\n"
      "  -e filename   : set error log file (default: " SLUICE_ERROR_LOG_PATH
      ")\n"
      "  -c filename   : set configuration file (default: " SLUICE_CONF_PATH
      ")\n"
      "  -g directives : set global directives out of configuration file\n"
      "  --manual      : print the reference of all directives and variables\n"
      "                  (--manual=mdoc: as the source of a manual page)\n"
      "\n"
      "\n"
      "Commands, each with --help:\n";
  for (const CommandRow* command : all_commands()) {
    append_format(text, "  %-14s: %s\n", command->name, command->summary);
  }
  return text + "\n";
}

}  // namespace sluice::cli
