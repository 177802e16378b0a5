// `auth_request` and `auth_request_set`: whether a request is served is what a subrequest says.
#include <algorithm>
#include <vector>

#include "conf/build.h"
#include "conf/expression.h"
#include "http/request.h"
#include "http/subrequest.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

struct AuthVariable {
  const conf::Variable* variable;
  conf::Expression value;
};

struct AuthRequestSettings {
  std::string path;  // empty: off
  std::vector<AuthVariable> variables;
};

void set_path(Build&, Scope& scope, const Node& node, const Row&) {
  const std::string& path = node.argument(0);
  scope.own<AuthRequestSettings>().path = path == "off" ? "" : path;
}

void set_variable(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto& variables = scope.own<AuthRequestSettings>().variables;
  if (scope.first_in_block(row)) { variables.clear(); }
  const std::string& name = node.argument(0);
  if (name.size() < 2 || !name.starts_with('$')) {
    build.error(node.argument_word(0), "invalid variable name \"" + name + "\"", "it begins with a $");
    return;
  }
  const conf::Variable* variable =
      build.config.http_variables.define(name.substr(1), conf::no_value, nullptr, false);
  if (variable == nullptr) {
    build.error(node.argument_word(0), "the duplicate \"" + name.substr(1) + "\" variable",
                "it has a meaning of its own that cannot be changed");
    return;
  }
  auto value = conf::Expression::compile(build, conf::Realm::http, node.argument_word(1));
  variables.push_back({variable, std::move(value)});
}

const conf::Module<AuthRequestSettings> module(
    "auth_request",
    {
        {"auth_request", conf::kHttpServerLocation, arguments(1), set_path, "uri | off",
         "Asks this path, by a subrequest with GET and without a body, whether the request may be served: "
         "2xx "
         "allows it, 401 and 403 are the answer then, 401 with its WWW-Authenticate, and anything else is an "
         "error, 500.",
         "off"},
        conf::Module<AuthRequestSettings>::RowSpec(
            "auth_request_set", conf::kHttpServerLocation, arguments(2), set_variable, "$variable value",
            "Sets a variable once auth_request has its answer, whatever that is. The value is what it is to "
            "the subrequest: $upstream_http_name is a field of its answer. A block inherits these only when "
            "it has none of its own.")
            .repeating(),
    });

class AuthRequest final : public Step {
 public:
  explicit AuthRequest(const AuthRequestSettings& settings) : settings_(settings) {}
  Verdict check(Request&) const override { return Verdict::later; }
  event::Task<Verdict> wait(Request& request) const override;

 private:
  Verdict judge(Request& request, const Request& asked) const;
  const AuthRequestSettings& settings_;
};

// The origin's challenge is the client's business even where proxy_hide_header says otherwise.
void keep_challenges(Request& request, const Request& asked) {
  const Fields* from = &asked.response.fields;
  if (from->count(FieldId::www_authenticate) == 0) { from = asked.upstream_fields; }
  if (from == nullptr || from->count(FieldId::www_authenticate) == 0) { return; }
  auto* kept = request.arena().make<Fields>(request.arena());
  for (const Field& field : *from) {
    if (field.id == FieldId::www_authenticate) { kept->add(field); }
  }
  request.kept_fields = kept;
}

Verdict AuthRequest::judge(Request& request, const Request& asked) const {
  uint16_t status = asked.response.status;
  if (status >= 200 && status < 300) { return Verdict::next; }
  if (status == 401) { keep_challenges(request, asked); }
  if (status == 401 || status == 403) { return request.refuse(status); }
  if (!request.scope.canceled()) {
    SLUICE_REQUEST_LOG(request, error, 0, "auth request unexpected status: %u", status);
  }
  return request.refuse(500);
}

event::Task<Verdict> AuthRequest::wait(Request& request) const {
  SubrequestPlan plan;
  plan.path = settings_.path;
  Request* asked = co_await ask(request, plan);
  for (const AuthVariable& set : settings_.variables) {
    string_view value = set.value.evaluate(*asked);
    if (set.variable->set != nullptr) {
      set.variable->set(request, *set.variable, value);
    } else {
      request.put(*set.variable, value);
    }
  }
  co_return judge(request, *asked);
}

const Step* make_auth_request(Arena& arena, const conf::Settings& settings) {
  const auto& own = settings.get<AuthRequestSettings>();
  return own.path.empty() ? nullptr : arena.own<AuthRequest>(own);
}

const StepRow row{"auth_request", Phase::access, 30, make_auth_request};
const StepRegistration registered(row);

}  // namespace

}  // namespace sluice::http
