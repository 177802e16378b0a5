// sluice status: what runs, as the master says of itself.
#include <algorithm>
#include <ctime>
#include <memory>

#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/zones.h"
#include "os/board.h"
#include "os/load.h"

namespace sluice::cli {

namespace {

using os::MasterState;

const char* phase_name(MasterState::Phase phase) {
  return phase == MasterState::Phase::serving  ? "serving"
         : phase == MasterState::Phase::ending ? "ending"
                                               : "starting";
}

std::string written(uint64_t seconds) {
  auto time = static_cast<time_t>(seconds);
  tm local{};
  char text[64];
  return strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z", localtime_r(&time, &local)) == 0 ? "" : text;
}

std::string hash_of(const MasterState& state) {
  return format("%016llx", static_cast<unsigned long long>(state.configuration));
}

void print_text(pid_t master, const MasterState& state, const std::vector<ZoneState>& zones) {
  printf("sluice/%s, process %d, %s since %s\n", state.version.c_str(), master, phase_name(state.phase),
         written(state.started).c_str());
  printf("generation %u since %s, configuration %s\n", state.generation, written(state.serving_since).c_str(),
         hash_of(state).c_str());
  printf("%u workers, %u of older generations finish their requests\n", state.workers, state.leaving);
  if (state.binary != 0) { printf("process %d runs a new binary beside it\n", state.binary); }
  for (const ZoneState& zone : zones) {
    printf("zone \"%s\" of %s: %llu bytes, %llu free\n", zone.name.c_str(), zone.kind.c_str(),
           static_cast<unsigned long long>(zone.size), static_cast<unsigned long long>(zone.free));
    for (const std::string& finding : zone.findings) { printf("  %s\n", finding.c_str()); }
  }
  if (state.failed) { printf("the last reload failed:\n%s", state.message.c_str()); }
}

Json list_of(const std::vector<ZoneState>& zones) {
  Json list = Json::array();
  for (const ZoneState& zone : zones) {
    Json findings = Json::array();
    for (const std::string& finding : zone.findings) { findings.add(finding); }
    Json one = Json::object();
    one.set("kind", zone.kind).set("name", zone.name).set("size", zone.size).set("free", zone.free);
    one.set("findings", std::move(findings));
    list.add(std::move(one));
  }
  return list;
}

void print_json(pid_t master, const MasterState& state, const std::vector<ZoneState>& zones) {
  Json all = Json::object();
  all.set("version", state.version)
      .set("pid", static_cast<uint32_t>(master))
      .set("state", phase_name(state.phase))
      .set("started", state.started)
      .set("generation", state.generation)
      .set("serving_since", state.serving_since)
      .set("configuration", hash_of(state))
      .set("workers", state.workers)
      .set("leaving", state.leaving)
      .set("reloads", state.attempts)
      .set("zones", list_of(zones));
  if (state.binary != 0) { all.set("new_binary", static_cast<uint32_t>(state.binary)); }
  if (state.failed) { all.set("reload_error", state.message); }
  print(all.text());
}

constexpr const char* kUsage = "status [-c file] [-p prefix] [-g directives] [--format text|json] [--check]";
constexpr const char* kAbout =
    "Prints what the running server says of itself: version, process, the generation that serves and since "
    "when,\n"
    "the hash of its configuration as in the error log, workers, and why the last reload failed when it "
    "did.\n"
    "The exit code is 0 when it serves, 1 when not.";

int run(const std::vector<std::string>& arguments, const char* binary) {
  ConfigurationOptions configuration;
  std::string shown = "text";
  bool check = false;
  std::vector<std::string> words;
  int code = 0;
  std::vector<Option> rows =
      configuration.with({{"--format", "text|json", "how (text)", nullptr, &shown, nullptr},
                          {"--check", "", "walk the zones and tell what is wrong in them", &check}});
  if (!read_arguments(arguments, kUsage, kAbout, rows, words, code)) { return code; }
  if (!words.empty()) { return say_usage("unexpected \"" + words[0] + "\""); }
  if (!known_format(shown, {"text", "json"})) { return kUsageError; }
  os::Loaded loaded = os::load(configuration.invocation(binary));
  // A configuration that has become bad still says where the pid file is, unless that is what is wrong.
  if (loaded.config == nullptr) {
    os::report(loaded.diagnostics, true);
    return 1;
  }
  pid_t master = running_master(os::pid_path(*loaded.config));
  if (master == 0) { return 1; }
  std::unique_ptr<os::BoardView> board = os::BoardView::of(master);
  if (board == nullptr) {
    fprintf(stderr,
            "sluice: process %d cannot be looked at: it has ended, is not yours, or is none of ours\n",
            master);
    return 1;
  }
  MasterState state = board->read();
  std::vector<ZoneState> zones = zones_of(master, *loaded.config, check);
  (shown == "json" ? print_json : print_text)(master, state, zones);
  bool sound =
      std::all_of(zones.begin(), zones.end(), [](const ZoneState& zone) { return zone.findings.empty(); });
  return state.phase == MasterState::Phase::serving && sound ? 0 : 1;
}

const CommandRow row{"status", "say what runs: version, generation, configuration, workers", run};
const CommandRegistration registered(row);

}  // namespace

}  // namespace sluice::cli
