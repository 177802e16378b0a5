// `stub_status`: a page of numbers, as monitoring tools have read it from nginx for long.
#include "conf/build.h"
#include "http/connection_counts.h"
#include "http/content.h"
#include "http/request.h"

namespace sluice::http {

namespace {

class StubStatus final : public Content {
 public:
  event::Task<Result<void>> answer(Request& request) const override {
    bool read = request.head.method == Method::get || request.head.method == Method::head;
    auto totals = connection_totals();
    if (!read || !totals) {
      request.answer_with(request.refuse(read ? 500 : 405));
      co_return Result<void>();
    }
    string_view text = page(request.arena(), *totals);
    request.response.content_type = "text/plain";
    request.response.length = static_cast<int64_t>(text.size());
    request.response.body.append(text);
    co_return Result<void>();
  }
  const char* name() const override { return "stub_status"; }

 private:
  static string_view page(Arena& arena, const ConnectionTotals& totals) {
    constexpr size_t kMost = 320;
    char* start = arena.characters(kMost);
    int size = snprintf(start, kMost,
                        "Active connections: %lld \n"
                        "server accepts handled requests\n"
                        " %lld %lld %lld \n"
                        "Reading: %lld Writing: %lld Waiting: %lld \n",
                        number(totals.active), number(totals.accepted), number(totals.handled),
                        number(totals.requests), number(totals.reading), number(totals.writing),
                        number(totals.waiting()));
    return {start, static_cast<size_t>(size)};
  }
  // A connection may have ended while the counters were added up.
  static long long number(int64_t count) { return count < 0 ? 0 : count; }
};

struct StubStatusSettings {};

void set_stub_status(conf::Build& build, conf::Scope& scope, const conf::Node&, const conf::Row&) {
  want_connection_counts(build);
  scope.own<ContentSettings>().content = build.arena().own<StubStatus>();
}

const conf::Module<StubStatusSettings> module(
    "stub_status",
    {{"stub_status", conf::kServer | conf::kLocation, conf::arguments(0, 1), set_stub_status, "[on]",
      "Answers with how many connections are active, were accepted and handled, how many requests were made, "
      "and "
      "how many connections are reading a request, writing an answer, or waiting: of all workers, over "
      "reloads and "
      "upgrades. An argument, as old versions of nginx wanted it, means nothing."}});

}  // namespace

}  // namespace sluice::http
