#include "http/satisfy.h"

#include "conf/build.h"
#include "http/request.h"

namespace sluice::http {

namespace {

using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

void set_satisfy(Build& build, Scope& scope, const Node& node, const Row&) {
  const std::string& word = node.argument(0);
  if (word != "any" && word != "all") {
    build.error(node.argument_word(0), "invalid value \"" + word + "\"", "it must be \"all\" or \"any\"");
    return;
  }
  scope.own<SatisfySettings>().any = word == "any";
}

const conf::Module<SatisfySettings> module(
    "http", {{"satisfy", conf::kHttpServerLocation, conf::arguments(1), set_satisfy, "all | any",
              "Whether all of allow and deny, auth_basic and auth_request must let a request pass, or one of "
              "them is enough.",
              "all"}});

class AnyOf final : public Step {
 public:
  explicit AnyOf(std::vector<const Step*> steps) : steps_(std::move(steps)) {}

  Verdict check(Request& r) const override {
    auto* trial = r.arena().make<Trial>();
    trial->kept_before = r.kept_fields;
    r.trial = trial;
    for (; trial->at < steps_.size(); ++trial->at) {
      Verdict verdict = steps_[trial->at]->check(r);
      if (verdict == Verdict::later) { return verdict; }
      if (decided(r, *trial)) { return end(r, *trial); }
    }
    return end(r, *trial);
  }

  event::Task<Verdict> wait(Request& r) const override {
    Trial& trial = *r.trial;
    for (bool first = true; trial.at < steps_.size(); ++trial.at, first = false) {
      const Step* step = steps_[trial.at];
      Verdict verdict = first ? Verdict::later : step->check(r);
      if (verdict == Verdict::later) { co_await step->wait(r); }
      if (decided(r, trial)) { break; }
    }
    co_return end(r, trial);
  }

 private:
  // Whether what the step said ends the matter.
  static bool decided(Request& r, Trial& trial) {
    uint16_t refused = std::exchange(trial.refused, uint16_t{0});
    bool opinion = std::exchange(trial.opinion, true);
    if (refused == 401 || refused == 403) {
      // Who can still prove who they are is asked to.
      if (trial.status != 401) { trial.status = refused; }
      return false;
    }
    if (refused == 0 && !opinion) { return false; }
    trial.status = refused;
    if (refused == 0) { r.kept_fields = trial.kept_before; }
    return true;
  }

  static Verdict end(Request& r, const Trial& trial) {
    r.trial = nullptr;
    if (trial.status == 403) { SLUICE_REQUEST_LOG(r, error, 0, "access forbidden by rule"); }
    return trial.status == 0 ? Verdict::next : r.refuse(trial.status);
  }

  std::vector<const Step*> steps_;
};

}  // namespace

std::vector<const Step*> satisfy(Arena& arena, const conf::Settings& settings,
                                 std::vector<const Step*> access) {
  if (!settings.get<SatisfySettings>().any || access.size() < 2) { return access; }
  return {arena.own<AnyOf>(std::move(access))};
}

}  // namespace sluice::http
