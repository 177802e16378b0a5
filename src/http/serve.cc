#include "http/serve.h"

#include <algorithm>

#include "base/clock.h"
#include "base/text.h"
#include "http/error_page_text.h"
#include "http/file_source.h"
#include "http/host.h"
#include "http/relay.h"
#include "http/request_body.h"
#include "http/uri.h"

namespace sluice::http {

namespace {

void put_captures(Request& r, const std::vector<std::pair<const conf::Variable*, int>>& names) {
  for (const auto& [variable, group] : names) {
    auto index = static_cast<size_t>(group);
    if (index < r.capture_store.size()) { r.put(*variable, conf::Value(r.capture_store[index])); }
  }
}

// Which server the request is for. The target's authority counts before Host (RFC 9112 3.2.2).
void choose_server(Request& r) {
  string_view authority = !r.head.authority.empty() ? r.head.authority : r.head.fields.value(FieldId::host);
  string_view bare = bare_host(authority);
  r.host = bare;
  if (may_have_capitals(bare)) {
    char* lowered = r.arena().characters(bare.size());
    std::transform(bare.begin(), bare.end(), lowered, [](char c) { return lower(c); });
    r.host = {lowered, bare.size()};
  }
  const Port& port = *r.client().port;
  r.server = port.default_server;
  if (!port.one_server) {
    auto found = port.names.find(r.host, r.arena(), r.capture_store);
    if (found.server != nullptr) { r.server = found.server; }
    if (found.regex != nullptr) {
      r.captures = &r.capture_store;
      put_captures(r, r.server->name_captures);
    }
  }
  r.location = &r.server->root;
}

// What the head says, in the form everything after uses. A status when it cannot be served.
uint16_t read_target(Request& r) {
  choose_server(r);
  if (r.head.method == Method::connect) {
    // What follows would be the tunnel's bytes (RFC 9110 9.3.6).
    r.exchange.close_after();
    return 405;
  }
  if (r.head.path == "*") {
    r.path = "*";
    r.unchanged_target = "*";
    return 0;
  }
  NormalPath normal;
  const auto& settings = r.server->settings->get<ServerSettings>();
  if (!normalise(r.arena(), r.head.path, settings.merge_slashes, normal)) {
    SLUICE_REQUEST_LOG(r, info, 0, "client sent invalid path");
    return 400;
  }
  r.path = normal.path;
  r.query = normal.query;
  r.has_query = normal.has_query;
  // Dot segments are resolved here and only here: an origin that reads them otherwise must not see them.
  if (!normal.had_dots) { r.unchanged_target = normal.received; }
  return 0;
}

// What an X-Accel-Redirect, or whoever refused the request, said about the answer that something else gave.
void restore_kept(Request& r) {
  if (r.kept_fields->has(FieldId::www_authenticate)) { r.response.fields.remove(FieldId::www_authenticate); }
  for (const Field& field : *r.kept_fields) {
    if (field.id == FieldId::content_type) {
      r.response.content_type = field.value;
    } else if (field.id == FieldId::set_cookie || field.id == FieldId::www_authenticate) {
      r.response.fields.add(field);
    } else {
      r.response.fields.set(field.id, field.value);
    }
  }
}

// What the head still lacks, and what filters make of it.
void complete_head(Request& r) {
  if (r.kept_fields != nullptr) { restore_kept(r); }
  if (r.error_status != 0 && r.forced_status > 0) {
    // The page was found with a status of its own; the client is told what led to it.
    r.response.status = status_on_wire(static_cast<uint16_t>(r.forced_status));
    r.response.reason = {};
    // The date is that of the page, not of what was asked for.
    if (r.response.status != 200) {
      r.response.last_modified = -1;
      r.response.fields.remove(FieldId::last_modified);
    }
  }
  for (const Filter* filter : r.location->filters) {
    bool applies = !r.subrequest || filter->in_subrequests();
    if (applies) { filter->head(r); }
  }
  Response& response = r.response;
  if (response.filters != nullptr) {
    read_files(r);
  } else if (response.source == nullptr && response.length < 0 && response.status >= 200 &&
             response.status != 204 && response.status != 304) {
    response.length = static_cast<int64_t>(response.body.size());
  }
}

// The head is composed and leaves with the first bytes of the body.
RelayPlan begin_answer(Request& r) {
  Response& response = r.response;
  complete_head(r);
  bool bodiless = response.status == 204 || response.status == 304 || response.status < 200;
  bool body = !r.is_head() && !bodiless;
  r.exchange.write_head(r, response.length, body);
  r.head_sent = true;
  if (!response.trailers.empty()) { r.exchange.write_trailers(response.trailers); }
  if (!body) { response.body.clear(); }
  RelayPlan plan;
  plan.first = &response.body;
  plan.source = body ? response.source : nullptr;
  plan.filters = body ? response.filters : nullptr;
  plan.sink = &r.exchange;
  plan.buffer_limit = response.buffer_limit;
  plan.spill_limit = response.spill_limit;
  plan.spill_path = response.spill_path;
  plan.rate = response.rate;
  plan.rate_after = response.rate_after;
  plan.moved = &r.body_bytes_sent;
  return plan;
}

// The answer broke off after its head: nobody can be told by a status any more.
void break_off(Request& r, const Error& error) {
  r.exchange.abort();
  // Whoever asked for a subrequest has heard enough.
  if (r.subrequest && error.side == Side::client) { return; }
  if (error.side == Side::client) {
    Error told = error;
    told.text = error.what == What::timeout ? "client timed out" : "client prematurely closed connection";
    SLUICE_REQUEST_LOG(r, info, 0, "%s while sending response to client", log::reason(told).c_str());
  } else if (error.side == Side::self) {
    SLUICE_REQUEST_LOG(r, crit, error.sys, "%s failed",
                       error.text != nullptr ? error.text : "writing a temporary file");
  } else {
    SLUICE_REQUEST_LOG(r, error, 0, "%s while reading upstream", log::reason(error).c_str());
  }
}

// From the i-th on: the one that this request passes next.
size_t next_step(const Request& r, const Location& location, size_t i) {
  bool skips = r.subrequest && i >= location.guards_begin && i < location.guards_end;
  return skips ? location.guards_end : i;
}

void set_rate(Request& r) {
  const CoreSettings& core = r.core();
  auto bytes = [&](const conf::Expression& text) {
    auto size = text.empty() ? conf::Size{} : conf::parse_size(text.evaluate(r)).value_or(conf::Size{});
    return size.bytes;
  };
  if (r.response.rate == 0 && !core.limit_rate.empty()) { r.response.rate = bytes(core.limit_rate); }
  if (!core.limit_rate_after.empty()) { r.response.rate_after = bytes(core.limit_rate_after); }
}

// The answer on its way. Most are out before anybody has to wait.
class Sending {
 public:
  explicit Sending(Request& r) : r_(r), relay_(begin(r)) {}
  // True: all of it left at once, or it broke off.
  bool at_once() {
    state_ = relay_.step();
    if (state_ == Relay::State::complete) { r_.completed = true; }
    if (state_ == Relay::State::failed) { break_off(r_, relay_.error()); }
    return r_.completed || state_ == Relay::State::failed;
  }
  event::Task<void> rest() {
    Result<void> sent = co_await relay_.run(r_.scope, state_);
    r_.completed = static_cast<bool>(sent);
    if (!sent) { break_off(r_, sent.error()); }
  }

 private:
  static RelayPlan begin(Request& r) {
    set_rate(r);
    return begin_answer(r);
  }
  Request& r_;
  Relay relay_;
  Relay::State state_ = Relay::State::waiting;
};

}  // namespace

void finish(Request& r) {
  static const std::vector<const FinishRow*> rows = [] {
    std::vector<const FinishRow*> all;
    Registry<const FinishRow>::each([&](const FinishRow& row) { all.push_back(&row); });
    std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->order < b->order; });
    return all;
  }();
  SLUICE_REQUEST_DEBUG(r, "http response: status %u, %llu bytes of body, %s", r.response.status,
                       static_cast<unsigned long long>(r.body_bytes_sent),
                       r.completed ? "complete" : "broken off");
  for (const FinishRow* row : rows) { row->finish(r); }
}

uint16_t status_for(const Error& error) {
  if (error.side == Side::client) {
    switch (error.what) {
      case What::timeout:
        return 408;
      case What::protocol:
        return 400;
      case What::too_large:
        return 413;
      default:
        return 499;
    }
  }
  if (error.side == Side::self) { return 500; }
  return error.what == What::timeout ? 504 : 502;
}

event::Task<void> send_answer(Request& r) {
  Sending sending(r);
  bool sent = sending.at_once();
  if (!sent) { co_await sending.rest(); }
}

uint16_t prepare(Request& r, uint16_t refused) {
  r.started_wall = clock::wall();
  if (refused == 0) { return read_target(r); }
  // What was understood is logged where it belongs.
  if (refused != 400 && !r.head.path.empty()) { read_target(r); }
  return refused;
}

Verdict choose_location(Request& r, const LocationTree<Location>& tree, const Location& otherwise) {
  r.located_path = r.path;
  auto found = tree.find(r.path, r.capture_store);
  if (found.add_slash) {
    string_view target = r.arena().join(escape_uri(r.arena(), r.path), "/", r.has_query ? "?" : "");
    if (r.has_query) { target = r.arena().join(target, r.query); }
    r.redirect_externally(301, target);
    return Verdict::done;
  }
  r.location = found.location != nullptr ? found.location : &otherwise;
  if (found.regex != nullptr) {
    r.captures = &r.capture_store;
    put_captures(r, r.location->name_captures);
  }
  if (r.settings<LocationOnlySettings>().internal && !r.internal) { return r.refuse(404); }
  return Verdict::next;
}

event::Task<void> serve(Request& r, uint16_t refused) {
  Verdict verdict = refused == 0 ? Verdict::again : r.refuse(refused);
  // Each round chooses a location and asks it; error pages and internal redirects are further rounds.
  while (verdict == Verdict::again) {
    verdict = Verdict::next;
    if (r.resume == Resume::server) {
      for (const Step* step : r.server->steps) {
        verdict = step->check(r);
        if (verdict == Verdict::later) { verdict = co_await step->wait(r); }
        if (verdict != Verdict::next) { break; }
      }
      if (verdict != Verdict::next) { continue; }
    }
    if (r.resume != Resume::steps) { verdict = choose_location(r, r.server->locations, r.server->root); }
    if (verdict == Verdict::next && r.error_status == 0 && body_too_large(r)) {
      SLUICE_REQUEST_LOG(r, error, 0, "client intended to send too large body: %llu bytes",
                         static_cast<unsigned long long>(r.head.content_length));
      verdict = r.refuse(413);
    }
    if (verdict != Verdict::next) { continue; }
    const Location& location = *r.location;
    for (size_t i = next_step(r, location, 0); i < location.steps.size(); i = next_step(r, location, i + 1)) {
      const Step* step = location.steps[i];
      verdict = step->check(r);
      if (verdict == Verdict::later) { verdict = co_await step->wait(r); }
      if (verdict != Verdict::next) { break; }
    }
    if (verdict != Verdict::next) { continue; }
    if (r.redirects > 0) { r.response.clear(); }
    SLUICE_REQUEST_DEBUG(r, "using location \"%s\", content \"%s\"", r.location->name.c_str(),
                         r.location->content->name());
    Result<void> answered = co_await r.location->content->answer(r);
    verdict = answered ? r.take_pending() : r.refuse(status_for(answered.error()));
  }
  if (!r.head_sent && !r.discard_connection && !r.scope.canceled()) {
    Sending sending(r);
    bool sent = sending.at_once();
    if (!sent) { co_await sending.rest(); }
  }
  r.run_at_end();
}

}  // namespace sluice::http
