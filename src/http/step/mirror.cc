// `mirror`: others see the request as well. What they answer is dropped, and how long they take is nobody's
// concern: mirrors do not hold up the request, nor its connection, and go on when its client leaves.
#include <string>
#include <vector>

#include "conf/build.h"
#include "http/request.h"
#include "http/request_body.h"
#include "http/serve.h"
#include "http/subrequest.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

struct MirrorSettings {
  std::vector<std::string> paths;
  const conf::Variable* name = nullptr;
  bool off = false;
  bool request_body = true;
};

void set_mirror(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto& mirror = scope.own<MirrorSettings>();
  if (scope.first_in_block(row)) {
    mirror.paths.clear();
    mirror.off = false;
  }
  bool off = node.argument(0) == "off";
  if (mirror.off || (off && !mirror.paths.empty())) {
    build.error(node.words[0], "\"mirror\" directive is duplicate", "\"off\" stands alone");
    return;
  }
  mirror.off = off;
  if (off) { return; }
  mirror.paths.push_back(node.argument(0));
  mirror.name = find_request_name(build, node.argument_word(0));
}

const conf::Module<MirrorSettings> module(
    "mirror",
    {
        conf::Module<MirrorSettings>::RowSpec(
            "mirror", conf::kHttpServerLocation, arguments(1), set_mirror, "uri | off",
            "Makes the request once more, by a subrequest to this path with the same method and arguments, "
            "and "
            "drops the answer. May be given several times. A mirror delays neither the answer nor the "
            "connection. Requests are not mirrored while 1000 mirrors of a worker wait.",
            "off")
            .repeating(),
        {"mirror_request_body", conf::kHttpServerLocation, &MirrorSettings::request_body, "on | off",
         "Whether mirrors get the request's body. It is then read whole before the request goes on, whatever "
         "proxy_request_buffering says.",
         "on"},
    });

class Mirror final : public Step {
 public:
  explicit Mirror(const MirrorSettings& settings) : settings_(settings) {}

  Verdict check(Request& request) const override {
    if (request.subrequest) { return Verdict::next; }
    bool reads = settings_.request_body && request.head.framing != Framing::none && !request.body.complete;
    if (reads) { return Verdict::later; }
    make_all(request);
    return Verdict::next;
  }

  event::Task<Verdict> wait(Request& request) const override {
    Result<void> read = co_await read_request_body(request);
    if (read) {
      make_all(request);
      co_return Verdict::next;
    }
    log_unread_body(request, read.error());
    request.exchange.close_after();
    co_return request.refuse(status_for(read.error()));
  }

 private:
  void make_all(Request& request) const {
    SubrequestPlan plan;
    plan.name = settings_.name;
    plan.same_query = true;
    plan.same_method = true;
    plan.with_body = settings_.request_body;
    for (const std::string& path : settings_.paths) {
      plan.path = path;
      ask_aside(request, plan);
    }
  }
  const MirrorSettings& settings_;
};

const Step* make_mirror(Arena& arena, const conf::Settings& settings) {
  const auto& own = settings.get<MirrorSettings>();
  return own.paths.empty() ? nullptr : arena.own<Mirror>(own);
}

const StepRow row{"mirror", Phase::precontent, 20, make_mirror};
const StepRegistration registered(row);

}  // namespace

}  // namespace sluice::http
