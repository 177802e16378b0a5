// $connections_…: what the connections of all workers do.
#include <algorithm>

#include "http/connection_counts.h"
#include "http/vars/text_of.h"

namespace sluice::http {

namespace {

using conf::Evaluation;
using conf::Realm;
using conf::Value;
using conf::Variable;
using conf::VariableRow;

// The others may have come and gone while the counters were added up.
Value shown(Evaluation& in, int64_t count) {
  return decimal(in.arena(), static_cast<uint64_t>(std::max<int64_t>(count, 0)));
}

template <int64_t ConnectionTotals::*member>
Value get_count(Evaluation& in, const Variable&) {
  auto totals = connection_totals();
  return totals ? shown(in, (*totals).*member) : Value();
}

Value get_waiting(Evaluation& in, const Variable&) {
  auto totals = connection_totals();
  return totals ? shown(in, totals->waiting()) : Value();
}

const VariableRow rows[] = {
    {Realm::http, "connections_active", get_count<&ConnectionTotals::active>,
     "How many clients are connected to all workers, idle ones included."},
    {Realm::http, "connections_reading", get_count<&ConnectionTotals::reading>,
     "On how many connections the head of a request is being read."},
    {Realm::http, "connections_writing", get_count<&ConnectionTotals::writing>,
     "On how many connections a request is being answered."},
    {Realm::http, "connections_waiting", get_waiting,
     "How many clients are connected and have no request under way."},
};
const conf::Variables registered(rows);

// Counting costs a little: it is done where somebody looks.
void want_if_used(conf::Build& build) {
  for (const VariableRow& row : rows) {
    if (build.config.http_variables.uses(row.name)) { want_connection_counts(build); }
  }
}

void begin(conf::Build&, conf::Scope&) {}

void check(conf::Build& build, conf::Scope&) {
  // Behind what others have put off, which may use variables, too.
  build.later([&build] { build.later([&build] { want_if_used(build); }); });
}

const HttpDefaultsRow row{begin, check};
const HttpDefaultsRegistration row_registered(row);

}  // namespace

}  // namespace sluice::http
