// The steps that run the scripts of servers and locations, and what holds for all commands.
#include "http/step/script.h"

namespace sluice::http {

Course run(const Script& script, Progress& progress) {
  for (const auto& command : script) {
    if (command->run(progress) == Course::stop) { return Course::stop; }
  }
  return Course::next;
}

namespace {

const conf::Module<ScriptSettings> script_module("rewrite", {}, conf::Inherit::no);

constexpr uint32_t kEverywhere = conf::kHttp | kInScripts;

const conf::Module<RewriteSettings> module(
    "rewrite",
    {
        {"rewrite_log", kEverywhere, &RewriteSettings::log, "on | off",
         "Whether what rewrite, if and route find and do is told in the error log, at level notice.", "off"},
        {"uninitialized_variable_warn", kEverywhere, &RewriteSettings::warn_uninitialized, "on | off",
         "Whether the use of a variable that set has not given a value yet is told in the error log.", "on"},
    });

// Before a location is chosen: whatever the path has become.
class ServerScript final : public Step {
 public:
  explicit ServerScript(const Script& script) : script_(script) {}
  Verdict check(Request& request) const override {
    Progress progress{request};
    run(script_, progress);
    return progress.verdict;
  }

 private:
  const Script& script_;
};

class LocationScript final : public Step {
 public:
  explicit LocationScript(const Script& script) : script_(script) {}
  Verdict check(Request& request) const override {
    Progress progress{request};
    run(script_, progress);
    if (progress.verdict != Verdict::next) { return progress.verdict; }
    if (progress.path_changed) { return request.relocate(); }
    return progress.settings_changed ? request.go_on_in(*request.location) : Verdict::next;
  }

 private:
  const Script& script_;
};

template <class Runner>
const Step* make_step(Arena& arena, const conf::Settings& settings) {
  const Script& script = settings.get<ScriptSettings>().script;
  return script.empty() ? nullptr : arena.own<Runner>(script);
}

const StepRow server_row{"rewrite (server)", Phase::server_rewrite, 0, make_step<ServerScript>};
const StepRow location_row{"rewrite", Phase::rewrite, 0, make_step<LocationScript>};
const StepRegistration server_registered(server_row);
const StepRegistration location_registered(location_row);

}  // namespace

}  // namespace sluice::http
