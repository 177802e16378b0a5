#include "http/subrequest.h"

#include <fcntl.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/occasional.h"
#include "http/inner_exchange.h"
#include "http/request.h"
#include "http/serve.h"
#include "os/worker.h"

namespace sluice::http {

namespace {

// Subrequests that wait beside the requests they were made for. An origin that does not answer must not
// gather them without end.
constexpr size_t kMostAside = 1000;

// --- what a subrequest has of its parent ---

void copy_head(const RequestHead& from, RequestHead& to, Arena& arena) {
  to = from;
  to.fields = Fields(arena);
  for (const Field& field : from.fields) {
    to.fields.add({arena.copy(field.name), arena.copy(field.value), field.id});
  }
  for (string_view RequestHead::*text :
       {&RequestHead::method_text, &RequestHead::target, &RequestHead::scheme, &RequestHead::authority,
        &RequestHead::path, &RequestHead::line}) {
    to.*text = arena.copy(from.*text);
  }
  to.expect_continue = false;
  to.framing = Framing::none;
}

// Shares what is reference-counted; a file gets a descriptor of its own.
void copy_body(const RequestBody& from, Request& sub) {
  RequestBody& to = sub.body;
  if (from.fd >= 0) { to.fd = ::fcntl(from.fd, F_DUPFD_CLOEXEC, 0); }
  if (from.fd >= 0 && to.fd < 0) { return; }
  for (size_t i = 0; i < from.chain.slices(); ++i) {
    Slice slice = from.chain.at(i);
    if (slice.in_file()) {
      slice.fd = to.fd;
    } else if (!slice.owner) {
      slice.data = sub.arena().copy({slice.data, slice.size}).data();
    }
    to.chain.append(std::move(slice));
  }
  to.size = from.size;
  to.complete = true;
  to.path = from.path;
  to.keep_file = true;  // it is the parent's
  sub.head.framing = Framing::length;
  sub.head.content_length = from.size;
}

void copy_answer(const Request& parent, Request& sub) {
  sub.response.status = parent.response.status;
  sub.completed = parent.completed;
  sub.body_bytes_sent = parent.body_bytes_sent;
  for (Attempt attempt : parent.attempts) {
    attempt.address = sub.arena().copy(attempt.address);
    sub.attempts.push_back(attempt);
  }
}

// False: there is no such named location.
bool find_place(const Request& parent, const SubrequestPlan& plan, Request& sub) {
  sub.server = parent.server;
  sub.location = &sub.server->root;
  sub.path = plan.path;
  if (!plan.path.starts_with('@')) { return true; }
  sub.path = sub.arena().copy(parent.path);
  const Location* named = sub.server->locations.find_named(plan.path);
  if (named != nullptr) {
    sub.go_on_in(*named);
    return true;
  }
  SLUICE_REQUEST_LOG(parent, error, 0, "could not find named location \"%.*s\"",
                     static_cast<int>(plan.path.size()), plan.path.data());
  return false;
}

bool make(const Request& parent, const SubrequestPlan& plan, Request& sub) {
  sub.subrequest = true;
  sub.internal = true;
  sub.started_at = clock::now();
  sub.started_wall = clock::wall();
  copy_head(parent.head, sub.head, sub.arena());
  sub.host = sub.arena().copy(parent.host);
  if (plan.same_query && parent.has_query) {
    sub.query = sub.arena().copy(parent.query);
    sub.has_query = true;
  }
  if (plan.same_method) {
    sub.method_override = parent.method_override;
  } else {
    sub.head.method = Method::get;
    sub.method_override = "GET";
  }
  bool has_body = plan.with_body && parent.head.framing != Framing::none && parent.body.complete;
  if (has_body) { copy_body(parent.body, sub); }
  if (plan.after_answer) { copy_answer(parent, sub); }
  sub.scope.set_subject(&sub);
  return find_place(parent, plan, sub);
}

void log_if_asked(Request& sub) {
  if (sub.core().log_subrequest) { finish(sub); }
}

// --- one that its parent waits for ---

struct Inside {
  explicit Inside(Request& parent)
      : exchange(parent.client(), &parent.scope, parent.exchange.bytes_sent(), nullptr),
        request(parent.config, exchange) {
    request.share_values(parent);
  }
  InnerExchange exchange;
  Request request;
};

// --- one that goes its own way ---

struct AsideTag {};

struct Aside : ListNode<AsideTag> {
  Aside(Request& parent, InnerBody* body)
      : client(parent.client()),
        exchange(client, nullptr, parent.exchange.bytes_sent(), body),
        request(parent.config, exchange) {
    if (client.port->wildcard) { request.set_server_address(parent.server_address()); }
    client.fd = -1;
    request.copy_values(parent);
  }
  Client client;
  InnerExchange exchange;
  Request request;
};

// Never ended: what a worker's end cuts short is not unwound any more.
struct Asides {
  event::Nursery nursery;
  List<Aside, AsideTag> all;
  size_t count = 0;
};
Asides& asides = *new Asides;

size_t busy() { return asides.count; }

void stop(os::Worker& worker) {
  for (Aside* aside = asides.all.front(); aside != nullptr; aside = asides.all.next(aside)) {
    if (&aside->request.config == &worker.config) { aside->exchange.scope().cancel(What::canceled); }
  }
}

const os::ServiceRow service("http subrequests", nullptr, nullptr, busy, stop, nullptr);

// `parent` may be looked at until the first wait.
event::Task<void> run_aside(Request& parent, SubrequestPlan plan, InnerBody* body) {
  if (plan.name != nullptr) { parent.get(*plan.name); }  // remembered, it is copied with the others
  Aside aside(parent, body);
  Request& sub = aside.request;
  bool made = make(parent, plan, sub);
  ++asides.count;
  asides.all.push_back(&aside);
  // Whom nobody waits for lets its parent go first.
  if (body == nullptr) { co_await event::next_turn(sub.scope); }
  if (made && !sub.scope.canceled()) {
    co_await serve(sub, 0);
    log_if_asked(sub);
  }
  aside.exchange.end_body();
  if (body != nullptr) {
    event::Scope until_released;
    co_await event::wait(until_released, event::kNoDeadline, aside.exchange.released());
  }
  --asides.count;
}

void start_aside(Request& parent, const SubrequestPlan& plan, InnerBody* body) {
  const log::Subject* working = log::running;
  asides.nursery.adopt(run_aside(parent, plan, body));
  log::running = working;
}

class AsideBody final : public Source {
 public:
  AsideBody(Request& parent, const SubrequestPlan& plan) : parent_(parent), plan_(plan) {}
  Flow pull(Chain& to, uint64_t room) override {
    if (!begun_) {
      begun_ = true;
      start_aside(parent_, plan_, &body_);
    }
    return body_.pull(to, room);
  }
  event::Ready& source_ready() override { return body_.ready(); }
  Error source_error() const override {
    return {What::closed, Side::upstream, Retry::no, 0, "subrequest broke off"};
  }
  // It has time limits of its own.
  uint64_t source_patience() const override { return event::kNoDeadline; }
  void source_timed_out() override {}

 private:
  Request& parent_;
  SubrequestPlan plan_;
  InnerBody body_;
  bool begun_ = false;
};

}  // namespace

const conf::Variable* find_request_name(conf::Build& build, const conf::Word& where) {
  return &build.config.http_variables.use("request_id", where);
}

event::Task<Request*> ask(Request& parent, SubrequestPlan plan) {
  auto* inside = parent.arena().own<Inside>(parent);
  Request& sub = inside->request;
  bool made = make(parent, plan, sub);
  if (made) { co_await serve(sub, 0); }
  if (!sub.head_sent) { sub.response.status = sub.discard_connection ? 444 : 500; }
  sub.body_bytes_sent = 0;
  log_if_asked(sub);
  co_return &sub;
}

bool ask_aside(Request& parent, const SubrequestPlan& plan) {
  if (asides.count >= kMostAside) {
    static Occasional line;
    if (line.due()) {
      log::warn(0, "%zu subrequests are waiting, %llu more were not made", asides.count,
                static_cast<unsigned long long>(line.times()));
    }
    return false;
  }
  start_aside(parent, plan, nullptr);
  return true;
}

Source* ask_for_body(Request& parent, const SubrequestPlan& plan) {
  return parent.arena().own<AsideBody>(parent, plan);
}

}  // namespace sluice::http
