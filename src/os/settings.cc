#include "os/settings.h"

#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>

#include "os/affinity.h"

namespace sluice::os {

namespace {

using conf::arguments;
using conf::Build;
using conf::kEvents;
using conf::kMain;
using conf::Node;
using conf::Row;
using conf::Scope;

constexpr uint64_t kMostWorkers = 1024;  // a slip of the finger must not fork for ever
constexpr int kLowestNice = -20, kHighestNice = 19;

void set_user(Build& build, Scope& scope, const Node& node, const Row&) {
  if (build.config.elsewhere) { return; }
  if (geteuid() != 0) {
    build.diagnostics.warn(
        node.words[0],
        "the \"user\" directive makes sense only if the master process runs with super-user "
        "privileges, ignored",
        {}, "user-without-privileges");
    return;
  }
  const std::string& user = node.argument(0);
  if (getpwnam(user.c_str()) == nullptr) {
    build.error(node.argument_word(0), "getpwnam(\"" + user + "\") failed", "there is no such user");
  }
  std::string group = node.argument_count() > 1 ? node.argument(1) : "";
  if (!group.empty() && getgrnam(group.c_str()) == nullptr) {
    build.error(node.argument_word(1), "getgrnam(\"" + group + "\") failed", "there is no such group");
  }
  auto& settings = scope.own<ProcessSettings>();
  settings.user = user;
  settings.group = group;
}

void set_worker_processes(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto& settings = scope.own<ProcessSettings>();
  if (node.argument(0) == "auto") {
    settings.worker_processes = usable_processors();
    return;
  }
  auto count = conf::parse_number(node.argument(0));
  if (!count || *count == 0 || *count > kMostWorkers) {
    conf::invalid_value(build, node, 0, row, "\"auto\" or a number from 1 to 1024");
    return;
  }
  settings.worker_processes = static_cast<unsigned>(*count);
}

void set_affinity(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto& settings = scope.own<ProcessSettings>();
  auto& masks = settings.affinity;
  bool automatic = node.argument(0) == "auto";
  if (automatic && node.argument_count() > 2) {
    build.error(node.argument_word(2), "invalid number of arguments in \"worker_cpu_affinity\" directive",
                conf::syntax_of(row));
    return;
  }
  for (size_t i = automatic ? 1 : 0; i < node.argument_count(); ++i) {
    std::optional<cpu_set_t> mask = parse_cpu_mask(node.argument(i));
    if (!mask) {
      conf::invalid_value(build, node, i, row, "a mask of 0 and 1, the lowest processor last");
      return;
    }
    masks.push_back(*mask);
  }
  settings.affinity_auto = automatic;
  if (automatic) { masks = one_processor_each(masks.empty() ? all_processors() : masks[0]); }
}

void set_priority(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto nice = conf::parse_signed(node.argument(0));
  if (!nice || *nice < kLowestNice || *nice > kHighestNice) {
    conf::invalid_value(build, node, 0, row, "a number from -20 to 19");
    return;
  }
  scope.own<ProcessSettings>().worker_priority = static_cast<int>(*nice);
}

void set_rlimit_nofile(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto number = conf::parse_number(node.argument(0));
  if (!number || *number == 0) {
    conf::invalid_value(build, node, 0, row, "a number");
    return;
  }
  scope.own<ProcessSettings>().rlimit_nofile = *number;
}

void set_rlimit_core(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto size = conf::parse_size(node.argument(0));
  if (!size) {
    conf::invalid_value(build, node, 0, row, conf::ValueOf<conf::Size>::expected);
    return;
  }
  scope.own<ProcessSettings>().rlimit_core = size->bytes;
}

void set_max_generations(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto number = conf::parse_number(node.argument(0));
  if (!number || *number == 0 || *number > kMostWorkers) {
    conf::invalid_value(build, node, 0, row, "a number from 1 to 1024");
    return;
  }
  scope.own<ProcessSettings>().max_worker_generations = static_cast<unsigned>(*number);
}

void set_environment(Build&, Scope& scope, const Node& node, const Row&) {
  scope.own<ProcessSettings>().environment.push_back(node.argument(0));
}

template <std::string ProcessSettings::*member>
void set_path(Build& build, Scope& scope, const Node& node, const Row& row) {
  if (node.argument(0).empty()) {
    conf::invalid_value(build, node, 0, row, "a path");
    return;
  }
  scope.own<ProcessSettings>().*member = build.config.paths.from_prefix(node.argument(0));
}

void set_events(Build& build, Scope& scope, const Node& node, const Row&) {
  Scope events(build, kEvents, &scope);
  events.own<EventSettings>();
  build.children(events, node);
  scope.own<ProcessSettings>().events = &events.get<EventSettings>();
}

using Rows = conf::Module<ProcessSettings>;
const Rows module(
    "core",
    {
        {"user", kMain, arguments(1, 2), set_user, "user [group]",
         "The user that workers run as, and the group; without it, the group of the user's name, or else the "
         "user's own. Only root can choose."},
        {"worker_processes", kMain, arguments(1), set_worker_processes, "number | auto",
         "How many worker processes serve. auto: one for each processor that may be used.", "1"},
        {"worker_cpu_affinity", kMain, arguments(1, conf::kAny), set_affinity, "mask … | auto [mask]",
         "Which processors each worker may run on; the last mask holds for the workers after it. auto: one "
         "processor each, of the mask when one is given."},
        {"worker_priority", kMain, arguments(1), set_priority, "number",
         "The nice value of workers, from -20 (favoured) to 19.", "0"},
        {"worker_rlimit_nofile", kMain, arguments(1), set_rlimit_nofile, "number",
         "How many descriptors a worker may open (RLIMIT_NOFILE)."},
        {"worker_rlimit_core", kMain, arguments(1), set_rlimit_core, "size",
         "The largest core file of a worker (RLIMIT_CORE). A worker that has changed its user writes one "
         "only when "
         "this is given, or working_directory."},
        {"worker_shutdown_timeout", kMain, &ProcessSettings::worker_shutdown_timeout, "time",
         "After this time a worker that shuts down gracefully closes the connections that are still open. "
         "Without it, it waits for them."},
        {"max_worker_generations", kMain, arguments(1), set_max_generations, "number",
         "How many generations of workers that reloads have replaced may still be finishing their requests. "
         "The "
         "next reload waits until the oldest has left: its WebSockets and other tunnels are closed then, and "
         "after "
         "30 seconds whatever it still has.",
         "4"},
        Rows::RowSpec(
            "env", kMain, arguments(1), set_environment, "variable[=value]",
            "An environment variable that workers keep, or get with this value. All others except TZ are "
            "removed.",
            "TZ")
            .repeating(),
        {"daemon", kMain, &ProcessSettings::daemon, "on | off", "Whether to become a background process.",
         "on"},
        {"master_process", kMain, &ProcessSettings::master_process, "on | off",
         "Whether a master process starts workers. off is for debugging: one process serves, and obeys the "
         "signals "
         "QUIT, TERM, HUP and USR1 itself.",
         "on"},
        {"pid", kMain, arguments(1), set_path<&ProcessSettings::pid>, "file",
         "The file that holds the process id of the master.", "logs/sluice.pid"},
        {"lock_file", kMain, arguments(1), set_path<&ProcessSettings::lock_file>, "file",
         "Accepted for compatibility: accepting needs no lock.", "logs/sluice.lock"},
        {"working_directory", kMain, arguments(1), set_path<&ProcessSettings::working_directory>, "directory",
         "The current directory of workers, where they write core files."},
        {"timer_resolution", kMain, &ProcessSettings::timer_resolution, "time",
         "Accepted for compatibility: the clock is read once for each turn of the event loop."},
        {"pcre_jit", kMain, &ProcessSettings::pcre_jit, "on | off",
         "Accepted for compatibility: regular expressions are always compiled to machine code.", "on"},
        Rows::RowSpec("events", kMain, arguments(0), set_events, "",
                      "How connections are accepted and waited for.")
            .block(),
    });

}  // namespace

unsigned usable_processors() {
  cpu_set_t usable = all_processors();
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&usable)));
}

}  // namespace sluice::os
