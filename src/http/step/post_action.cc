// `post_action`: something is told what became of the request, once it has its answer.
#include <string>

#include "conf/build.h"
#include "http/request.h"
#include "http/subrequest.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

struct PostActionSettings {
  std::string path;  // empty: off
  const conf::Variable* name = nullptr;
};

void set_path(Build& build, Scope& scope, const Node& node, const Row&) {
  const std::string& path = node.argument(0);
  auto& settings = scope.own<PostActionSettings>();
  settings.path = path == "off" ? "" : path;
  settings.name = find_request_name(build, node.argument_word(0));
}

const conf::Module<PostActionSettings> module(
    "http",
    {
        {"post_action", conf::kHttpServerLocation, arguments(1), set_path, "uri | off",
         "Once the answer was sent, or has broken off, this path or @named location is asked by a "
         "subrequest, "
         "whose answer is dropped. There, $status, $body_bytes_sent, $request_completion and what the "
         "upstream "
         "variables tell are still those of the request. The request is logged where the path leads, as the "
         "path, and does not wait.",
         "off"},
    });

// The log's line is written by the location that is asked, as if the request had gone on to it.
void move_on(Request& request, string_view path) {
  if (path.starts_with('@')) {
    if (const Location* named = request.server->locations.find_named(path)) { request.location = named; }
    return;
  }
  request.path = path;
  auto found = request.server->locations.find(path, request.capture_store);
  request.location = found.location != nullptr ? found.location : &request.server->root;
}

// Only for the location that the request has ended in.
void act(Request& request, void* location) {
  if (request.location != location) { return; }
  SubrequestPlan plan;
  const auto& settings = request.settings<PostActionSettings>();
  plan.path = settings.path;
  plan.name = settings.name;
  plan.after_answer = true;
  if (ask_aside(request, plan)) { move_on(request, plan.path); }
}

// Before anything that may answer, as an answer of any kind is followed by it.
class PostAction final : public Step {
 public:
  Verdict check(Request& request) const override {
    if (!request.subrequest) { request.at_end(act, const_cast<Location*>(request.location)); }
    return Verdict::next;
  }
};

const PostAction post_action;

const Step* make_post_action(Arena&, const conf::Settings& settings) {
  return settings.get<PostActionSettings>().path.empty() ? nullptr : &post_action;
}

const StepRow row{"post_action", Phase::rewrite, -10, make_post_action};
const StepRegistration registered(row);

}  // namespace

}  // namespace sluice::http
