// sluice status: what runs, as the master says of itself.
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
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

void print_text(pid_t master, const MasterState& state) {
  printf("sluice/%s, process %d, %s since %s\n", state.version.c_str(), master, phase_name(state.phase),
         written(state.started).c_str());
  printf("generation %u since %s, configuration %s\n", state.generation, written(state.serving_since).c_str(),
         hash_of(state).c_str());
  printf("%u workers, %u of older generations finish their requests\n", state.workers, state.leaving);
  if (state.binary != 0) { printf("process %d runs a new binary beside it\n", state.binary); }
  if (state.failed) { printf("the last reload failed:\n%s", state.message.c_str()); }
}

void print_json(pid_t master, const MasterState& state) {
  nlohmann::ordered_json all;
  all["version"] = state.version;
  all["pid"] = master;
  all["state"] = phase_name(state.phase);
  all["started"] = state.started;
  all["generation"] = state.generation;
  all["serving_since"] = state.serving_since;
  all["configuration"] = hash_of(state);
  all["workers"] = state.workers;
  all["leaving"] = state.leaving;
  if (state.binary != 0) { all["new_binary"] = state.binary; }
  all["reloads"] = state.attempts;
  if (state.failed) { all["reload_error"] = state.message; }
  printf("%s\n", all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

}  // namespace

int status(const os::Invocation& invocation, const Options& options) {
  os::Loaded loaded = os::load(invocation);
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
  (options.json ? print_json : print_text)(master, state);
  return state.phase == MasterState::Phase::serving ? 0 : 1;
}

}  // namespace sluice::cli
