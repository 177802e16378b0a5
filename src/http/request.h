// One request, from its head to the log line. Owned by the exchange's root task; nobody else keeps a pointer
// to it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/arena_vector.h"
#include "base/chain.h"
#include "base/log.h"
#include "conf/build.h"
#include "conf/variable.h"
#include "event/wait.h"
#include "http/exchange.h"
#include "http/head.h"
#include "http/server.h"
#include "http/settings.h"
#include "http/step.h"

namespace sluice::http {

struct Trial;

// What an answer's validators are worth after its body was changed here.
enum class Validity : uint8_t {
  none,    // they leave
  weak,    // the date stays, the ETag becomes a weak one (RFC 9110 8.8.1)
  strong,  // the change is always the same: they stay
};

// The answer while it is made: head in pieces, and where its body comes from.
struct Response {
  explicit Response(Arena& arena) : fields(arena), trailers(arena) {}
  uint16_t status = 200;
  string_view reason;  // empty: the usual one
  Fields fields;       // without framing, Date, Server and Connection: those are the exchange's
  Fields trailers;
  string_view content_type;  // empty: none
  int64_t length = -1;       // of the body; -1: not known beforehand
  int64_t last_modified = -1;
  Chain body;                        // in memory or files; before what the source yields
  BodyFilter* filters = nullptr;     // in order of their stages
  Source* source = nullptr;          // more body, pulled while there is room
  uint64_t buffer_limit = 64 << 10;  // bytes read ahead of a slow client in memory
  uint64_t spill_limit = 0;          // and this many more in a temporary file
  const std::string* spill_path = nullptr;
  uint64_t rate = 0;  // bytes per second; 0: unlimited
  uint64_t rate_after = 0;
  bool interrupted = false;  // the body broke off
  bool ranges_allowed = false;
  bool from_upstream = false;
  bool upgraded = false;  // a 101 was sent and the tunnel has ended
  void clear();
  void add(BodyFilter* filter);  // behind those already there
  // The body will be another than the head says: its length is not known, and nobody may ask for parts of it.
  void body_changes(Validity validity);
  // last_modified, or what a Last-Modified field says; -1: neither. Read only when asked for: it costs.
  int64_t modified_at() const;
};

// A request's body once read (buffered): in memory or in a file.
struct RequestBody {
  Chain chain;
  uint64_t size = 0;
  bool complete = false;  // all of it is in `chain`
  int fd = -1;            // temporary file, closed with the request
  std::string path;       // of a file that has a name
  bool keep_file = false;
  ~RequestBody();
};

// One try at a peer, for $upstream_… and logs. Times in milliseconds, -1: did not happen.
struct Attempt {
  string_view address;
  uint16_t status = 0;
  int64_t connect_time = -1;
  int64_t header_time = -1;
  int64_t response_time = -1;
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  int64_t response_length = 0;
  bool new_group = false;  // the first at another group: after an internal redirect
};

// The arena exists before the bases that need it.
struct RequestArena {
  mutable Arena arena_storage;
};

class Request final : private RequestArena, public conf::Evaluation, public log::Subject {
 public:
  Request(const conf::Config& config, Exchange& exchange);
  ~Request();

  const conf::Config& config;
  Exchange& exchange;
  RequestHead head;
  Response response;
  RequestBody body;
  event::Scope scope;

  const Server* server = nullptr;
  const Location* location = nullptr;
  string_view path;          // normalised: $uri
  string_view located_path;  // what the location was chosen by: captures are of this one
  string_view query;         // $args
  bool has_query = false;
  // Path and query as received, fit to be sent upstream as they are; empty once the path was changed here.
  string_view unchanged_target;
  string_view host;             // lower case, without port: $host
  string_view method_override;  // when an error page turned the request into a GET
  string_view proxy_host;       // as in proxy_pass, once that is decided
  uint16_t proxy_port = 0;
  string_view upstream_target;  // path and query that the origin is asked for, for logs

  ArenaVector<Attempt> attempts;
  // Fields of the upstream's answer as received, for $upstream_http_…; null when there was none.
  const Fields* upstream_fields = nullptr;
  const Fields* upstream_trailers = nullptr;

  // Fields that an X-Accel-Redirect carries over to the answer it leads to; null when there is none.
  const Fields* kept_fields = nullptr;

  // While `satisfy any` asks one step after another; null: nobody asks.
  Trial* trial = nullptr;

  uint64_t started_at = 0;  // clock::now() at the first byte
  uint64_t started_wall = 0;
  uint16_t error_status = 0;       // the status that error_page is handling
  int forced_status = -1;          // what error_page says the final status shall be
  uint8_t redirects = 0;           // internal ones so far
  Resume resume = Resume::server;  // where the next round begins
  bool internal = false;           // reached by an internal redirect, rewritten, or a subrequest
  bool subrequest = false;         // made here, not by a client: see http/subrequest.h
  bool rewritten_in_place = false;  // `rewrite … break`: the path no longer is what the location was found by
  bool no_error_page = false;       // the error of an error page is answered plainly
  bool discard_connection = false;  // return 444
  bool head_sent = false;
  bool completed = false;  // $request_completion
  uint64_t body_bytes_sent = 0;

  const CoreSettings& core() const { return *location->core; }
  template <class T>
  const T& settings() const {
    return location->settings->get<T>();
  }
  const log::Log& log() const;
  Client& client() { return exchange.client(); }
  string_view client_address();  // text, without port
  const net::Address& server_address();
  // For a request that may outlive the connection that tells it.
  void set_server_address(const net::Address& address);
  bool is_head() const { return head.method == Method::head; }

  // Makes `status` the answer: an error page of the configuration or the built-in one. Returns done, or again
  // when the page is a path to serve.
  Verdict refuse(uint16_t status);
  // The path becomes `path` (decoded) and a location is looked for anew.
  Verdict redirect_internally(string_view path, string_view query, bool has_query);
  // The path was changed: a location is looked for anew, without the server's steps.
  Verdict relocate();
  // The location was replaced by one with other settings: its steps are next.
  Verdict go_on_in(const Location& other);
  // Called once when the request ends, before the log line; the last one first.
  void at_end(void (*call)(Request&, void*), void* context);
  void run_at_end();
  // The named location goes on with the path as it is.
  Verdict redirect_to_named(string_view name);
  // For a content handler: its answer is this verdict (of refuse or an internal redirect), acted on when it
  // returns.
  void answer_with(Verdict verdict) {
    pending_ = verdict;
    has_pending_ = true;
  }
  bool has_pending() const { return has_pending_; }
  Verdict take_pending() {
    has_pending_ = false;
    return std::exchange(pending_, Verdict::done);
  }
  // A path of this server with scheme, host and port before it, as the redirect settings say.
  string_view absolute_url(string_view path);
  // What server_tokens says of the product; empty: nothing.
  string_view product();
  // The answer is a redirect: Location made absolute as the settings say.
  void redirect_externally(uint16_t status, string_view location);

  // See SLUICE_REQUEST_DEBUG.
  void write_debug(const char* format, ...) const __attribute__((format(printf, 2, 3)));

  // log::Subject
  uint64_t connection_number() const override;
  void describe(std::string& line) const override;
  std::string_view doing() const override { return head.line; }

 private:
  Verdict refuse_cycle(const char* doing, string_view target);
  void answer_with_page(uint16_t status);
  void refresh_to(string_view target);
  bool find_error_page(uint16_t status, Verdict& verdict);
  Verdict show_error_page(const ErrorPage& page);
  struct AtEnd {
    AtEnd* next;
    void (*call)(Request&, void*);
    void* context;
  };
  AtEnd* at_end_ = nullptr;
  Verdict pending_ = Verdict::done;
  bool has_pending_ = false;
  // log() of a location, for a connection of debug_connection.
  mutable const log::Log* debug_log_ = nullptr;
  mutable const log::Log* debug_log_of_ = nullptr;
  string_view client_address_;
  net::Address* server_address_ = nullptr;
};

inline Request& request_of(conf::Evaluation& evaluation) { return static_cast<Request&>(evaluation); }

#define SLUICE_REQUEST_LOG(request_, level_, sys_, ...) \
  SLUICE_LOG((request_).log(), ::sluice::log::Level::level_, &(request_), (sys_), __VA_ARGS__)

// Steps of the request's way, for who asked for them by `error_log … debug` or `debug_connection`. The line
// tells the connection but not the request again and again.
#define SLUICE_REQUEST_DEBUG(request_, ...)                                                \
  do {                                                                                     \
    if (::sluice::log::debug_wanted) [[unlikely]] { (request_).write_debug(__VA_ARGS__); } \
  } while (false)

}  // namespace sluice::http
