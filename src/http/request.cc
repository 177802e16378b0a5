#include "http/request.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>

#include "base/clock.h"
#include "conf/regex.h"
#include "http/browser.h"
#include "http/error_page_text.h"
#include "http/satisfy.h"
#include "http/uri.h"
#include "os/error_log.h"

namespace sluice::http {

namespace {
constexpr uint8_t kMostRedirects = 10;
}  // namespace

void Response::clear() {
  status = 200;
  reason = {};
  fields.clear();
  trailers.clear();
  content_type = {};
  length = -1;
  last_modified = -1;
  body.clear();
  source = nullptr;
  filters = nullptr;
  ranges_allowed = false;
  from_upstream = false;
}

int64_t Response::modified_at() const {
  if (last_modified >= 0) { return last_modified; }
  return clock::parse_http_date(fields.value(FieldId::last_modified)).value_or(-1);
}

void Response::add(BodyFilter* filter) {
  BodyFilter** place = &filters;
  while (*place != nullptr) { place = &(*place)->next; }
  *place = filter;
}

void Response::body_changes(Validity validity) {
  length = -1;
  ranges_allowed = false;
  fields.remove(FieldId::accept_ranges);
  if (validity == Validity::none) {
    last_modified = -1;
    fields.remove(FieldId::last_modified);
    fields.remove(FieldId::etag);
    return;
  }
  string_view etag = fields.value(FieldId::etag);
  if (validity == Validity::weak && !etag.empty() && !etag.starts_with("W/")) {
    fields.set(FieldId::etag, fields.arena().join("W/", etag));
  }
}

RequestBody::~RequestBody() {
  if (fd >= 0) { ::close(fd); }
  if (!path.empty() && !keep_file) { ::unlink(path.c_str()); }
}

Request::Request(const conf::Config& config, Exchange& exchange)
    : Evaluation(arena_storage, config.http_variables),
      config(config),
      exchange(exchange),
      head(arena_storage),
      response(arena_storage),
      scope(exchange.scope()),
      attempts(arena_storage) {
  server = exchange.client().port->default_server;
  location = &server->root;
}

Request::~Request() {
  run_at_end();
  if (capture_store.capacity() != 0) { conf::Regex::give_back(std::move(capture_store)); }
}

const log::Log& Request::log() const {
  const log::Log& own = location->settings->get<os::ErrorLogSettings>().log;
  const log::Log& usual = own.empty() ? log::main_log() : own;
  if (!exchange.client().debug) [[likely]] { return usual; }
  if (debug_log_of_ != &usual) {
    debug_log_ = arena_storage.own<log::Log>(usual.debugging());
    debug_log_of_ = &usual;
  }
  return *debug_log_;
}

namespace {
// The connection's number and nothing else.
class NumberOnly final : public log::Subject {
 public:
  explicit NumberOnly(uint64_t number) : number_(number) {}
  uint64_t connection_number() const override { return number_; }
  void describe(std::string&) const override {}
  string_view doing() const override { return {}; }

 private:
  uint64_t number_;
};
}  // namespace

void Request::write_debug(const char* format, ...) const {
  const log::Log& to = log();
  if (!to.on(log::Level::debug)) { return; }
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  NumberOnly subject(connection_number());
  log::write(to, log::Level::debug, &subject, 0, "%s", text);
}

string_view Request::client_address() {
  if (client_address_.empty()) {
    char* text = arena().characters(net::PeerAddress::kHostRoom);
    client_address_ = {text, client().peer.write_host(text)};
  }
  return client_address_;
}

const net::Address& Request::server_address() {
  if (server_address_ != nullptr) { return *server_address_; }
  const net::Address& listening = client().port->address;
  if (!client().port->wildcard) { return listening; }
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(client().fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) { return listening; }
  server_address_ = arena().own<net::Address>(reinterpret_cast<sockaddr*>(&storage), length);
  return *server_address_;
}

void Request::set_server_address(const net::Address& address) {
  server_address_ = arena().own<net::Address>(address);
}

uint64_t Request::connection_number() const { return exchange.client().number; }

void Request::describe(std::string& line) const {
  line += ", client: ";
  line += exchange.client().peer.full().host();
  line += ", server: ";
  line += server->name;
  if (!head.line.empty()) {
    line += ", request: \"";
    line += head.line;
    line += '"';
  }
  if (subrequest) {
    line += ", subrequest: \"";
    line += path;
    line += '"';
  }
  if (!attempts.empty()) {
    string_view address = attempts.back().address;
    line += ", upstream: \"http://";
    line += address;
    if (address.starts_with("unix:")) { line += ':'; }
    line += upstream_target;
    line += '"';
  }
  string_view named = head.fields.value(FieldId::host);
  if (!named.empty()) {
    line += ", host: \"";
    line += named;
    line += '"';
  }
  string_view referer = head.fields.value(FieldId::referer);
  if (!referer.empty()) {
    line += ", referrer: \"";
    line += referer;
    line += '"';
  }
}

// The page that error_page names for this status becomes the answer. False: there is none.
bool Request::find_error_page(uint16_t status, Verdict& verdict) {
  for (const ErrorPage& page : core().error_pages) {
    if (std::find(page.codes.begin(), page.codes.end(), status) == page.codes.end()) { continue; }
    error_status = status;
    forced_status = page.overwrite >= 0 ? page.overwrite : status;
    verdict = show_error_page(page);
    return true;
  }
  return false;
}

Verdict Request::show_error_page(const ErrorPage& page) {
  string_view target = page.target.evaluate(*this);
  if (target.starts_with('@')) { return redirect_to_named(target); }
  if (!target.starts_with('/')) {
    auto shown = static_cast<uint16_t>(page.overwrite);
    forced_status = -1;
    redirect_externally(is_redirect(shown) ? shown : uint16_t{302}, target);
    return Verdict::done;
  }
  // The page is fetched with GET whatever the request was.
  if (!is_head()) {
    head.method = Method::get;
    method_override = "GET";
  }
  size_t mark = target.find('?');
  bool has_args = mark != string_view::npos;
  return redirect_internally(target.substr(0, mark), has_args ? target.substr(mark + 1) : string_view(),
                             has_args);
}

Verdict Request::refuse(uint16_t status) {
  if (trial != nullptr) {
    trial->refused = status;
    return Verdict::done;
  }
  response.clear();
  // After these nobody can say where the next request would begin, or the client is not to be trusted with
  // one.
  if (status == 400 || status == 413 || status == 414 || (status >= 494 && status <= 497) || status == 500 ||
      status == 501) {
    exchange.close_after();
  }
  Verdict verdict = Verdict::done;
  bool may_have_page = !no_error_page && (error_status == 0 || core().recursive_error_pages);
  if (status >= 300 && may_have_page && !core().error_pages.empty() && find_error_page(status, verdict)) {
    return verdict;
  }
  // Of several errors the last one is told.
  forced_status = -1;
  response.status = status_on_wire(status);
  answer_with_page(status);
  return Verdict::done;
}

void Request::at_end(void (*call)(Request&, void*), void* context) {
  at_end_ = arena().make<AtEnd>(at_end_, call, context);
}

void Request::run_at_end() {
  while (AtEnd* work = at_end_) {
    at_end_ = work->next;
    work->call(*this, work->context);
  }
}

Verdict Request::refuse_cycle(const char* doing, string_view target) {
  SLUICE_REQUEST_LOG(*this, error, 0, "rewrite or internal redirection cycle while %s \"%.*s\"", doing,
                     static_cast<int>(target.size()), target.data());
  no_error_page = true;
  return refuse(500);
}

Verdict Request::redirect_to_named(string_view name) {
  if (redirects++ >= kMostRedirects) { return refuse_cycle("redirect to named location", name); }
  const Location* named = server->locations.find_named(name);
  if (named == nullptr) {
    SLUICE_REQUEST_LOG(*this, error, 0, "could not find named location \"%.*s\"",
                       static_cast<int>(name.size()), name.data());
    return refuse(500);
  }
  internal = true;
  return go_on_in(*named);
}

Verdict Request::go_on_in(const Location& other) {
  location = &other;
  resume = Resume::steps;
  return Verdict::again;
}

Verdict Request::relocate() {
  if (redirects++ >= kMostRedirects) { return refuse_cycle("processing", path); }
  resume = Resume::location;
  return Verdict::again;
}

Verdict Request::redirect_internally(string_view to, string_view args, bool has_args) {
  if (redirects++ >= kMostRedirects) { return refuse_cycle("internally redirecting to", to); }
  path = to;
  query = args;
  has_query = has_args;
  unchanged_target = {};
  internal = true;
  rewritten_in_place = false;
  location = &server->root;
  resume = Resume::server;
  return Verdict::again;
}

string_view Request::absolute_url(string_view target) {
  const CoreSettings& settings = core();
  string_view name = settings.server_name_in_redirect ? string_view(server->name) : host;
  const net::Address& local = server_address();
  std::string text = "http://";
  if (name.empty()) {
    text += local.family() == AF_INET6 ? "[" + local.host() + "]" : local.host();
  } else {
    text += name;
  }
  uint16_t port = local.port();
  if (settings.port_in_redirect && port != 0 && port != 80) { text += ":" + std::to_string(port); }
  return arena().join(arena().copy(text), target);
}

string_view Request::product() {
  const CoreSettings& settings = core();
  if (settings.server_tokens != ServerTokens::text) { return server_field(settings.server_tokens); }
  string_view text = settings.server_text.evaluate(*this);
  return settings.server_text.constant() ? text : escape(arena(), text, Escape::value);
}

// The built-in page of this status, when it has one.
void Request::answer_with_page(uint16_t status) {
  ServerTokens tokens = core().server_tokens;
  string_view page =
      tokens == ServerTokens::text ? arena().copy(error_page(status, product())) : error_page(status, tokens);
  response.length = static_cast<int64_t>(page.size());
  if (page.empty()) { return; }
  response.content_type = kErrorPageType;
  response.body.append(page);
  if (status >= 400 && core().msie_padding && wants_padding(head.fields.value(FieldId::user_agent))) {
    response.body.append(kPadding);
    response.length += static_cast<int64_t>(kPadding.size());
  }
}

// What a redirect is for browsers that forget where it led.
void Request::refresh_to(string_view target) {
  string_view url = escape(arena(), target, Escape::target);
  std::string within_quotes;
  for (char c : url) {
    bool mark = c == '"' || c == '<' || c == '>';
    mark ? append_escaped(within_quotes, string_view(&c, 1), Escape::component) : within_quotes.push_back(c);
  }
  response.status = 200;
  response.content_type = kErrorPageType;
  response.body.append("<html><head><meta http-equiv=\"Refresh\" content=\"0; URL=");
  response.body.append(arena().copy(within_quotes));
  response.body.append("\"></head><body></body></html>\r\n");
  response.length = static_cast<int64_t>(response.body.size());
}

void Request::redirect_externally(uint16_t status, string_view target) {
  response.clear();
  response.status = status;
  const CoreSettings& settings = core();
  if (settings.msie_refresh && (status == 301 || status == 302) &&
      is_explorer(head.fields.value(FieldId::user_agent))) {
    return refresh_to(target);
  }
  if (target.starts_with('/') && settings.absolute_redirect) { target = absolute_url(target); }
  response.fields.add(FieldId::location, escape(arena(), target, Escape::target));
  answer_with_page(status);
}

}  // namespace sluice::http
