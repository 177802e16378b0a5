// `route`: a location that is chosen by what a request says, and not by its path.
#include "http/route_condition.h"
#include "http/serve.h"
#include "http/servers.h"

namespace sluice::http {

namespace {

using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

struct Route {
  ConditionPointer condition;
  const Location* location;
};

// Of one block alone, in the order of the file.
struct RouteSettings {
  std::vector<Route> routes;
};

void set_route(Build& build, Scope& scope, const Node& node, const Row&) {
  ConditionPointer condition = compile_route_condition(build, node);
  Scope inner(build, conf::kLocation, &scope);
  Location& location = begin_route(inner, scope, node);
  build.children(inner, node);
  settle_unnamed(inner, scope, location);
  scope.own<RouteSettings>().routes.push_back({std::move(condition), &location});
}

const conf::Module<RouteSettings> module(
    "route",
    {
        conf::Module<RouteSettings>::RowSpec(
            "route", conf::kServer | conf::kLocation, conf::arguments(1, conf::kAny), set_route, "condition",
            "Takes the requests for which the condition holds: of several routes in a block the first one. "
            "Those of a location are tried once it was chosen, before its rewriting; those of a server after "
            "its own rewriting, before a location is chosen. A route is a location without a name: it "
            "inherits "
            "the settings and the content of the block around it, but neither its rewriting nor try_files, "
            "and "
            "may hold whatever a location may, locations and routes included. What limit_except says of the "
            "location holds before its routes; a server's route goes past the locations and what they "
            "forbid. "
            "The condition: tests joined by \"and\", \"or\" and \"not\", with "
            "parentheses. A test is $variable, header NAME, cookie NAME or argument NAME, each alone "
            "(neither "
            "empty nor 0) or with =, !=, ~, ~*, !~ or !~* and a value; or method NAME …, host NAME … (with * "
            "as in server_name), client ADDRESS ….")
            .structural(),
    },
    conf::Inherit::no);

class Routes final : public Step {
 public:
  explicit Routes(const RouteSettings& settings) : settings_(settings) {}
  Verdict check(Request& r) const override {
    for (const Route& route : settings_.routes) {
      if (route.condition->holds(r)) { return enter(r, *route.location); }
    }
    return Verdict::next;
  }

 private:
  static Verdict enter(Request& r, const Location& location) {
    static const LocationTree<Location> none;
    const auto& inside = location.nested == nullptr ? none : *location.nested;
    Verdict verdict = choose_location(r, inside, location);
    return verdict == Verdict::next ? r.go_on_in(*r.location) : verdict;
  }
  const RouteSettings& settings_;
};

const Step* make_routes(Arena& arena, const conf::Settings& settings) {
  const auto& own = settings.get<RouteSettings>();
  return own.routes.empty() ? nullptr : arena.own<Routes>(own);
}

const StepRow server_row{"route (server)", Phase::server_rewrite, 10, make_routes};
const StepRow location_row{"route", Phase::rewrite, -20, make_routes};
const StepRegistration server_registered(server_row);
const StepRegistration location_registered(location_row);

}  // namespace

}  // namespace sluice::http
