#include "http/settings.h"

#include "base/text.h"
#include "conf/build.h"
#include "http/server.h"
#include "os/files.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

constexpr uint32_t kEverywhere = conf::kHttp | conf::kServer | conf::kLocation;
constexpr uint32_t kServerLevel = conf::kHttp | conf::kServer;

void set_buffers(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto count = conf::parse_number(node.argument(0));
  auto size = conf::parse_size(node.argument(1));
  if (!count || *count == 0 || *count > 100'000) {
    conf::invalid_value(build, node, 0, row, "a number of buffers");
  } else if (!size || size->bytes == 0) {
    conf::invalid_value(build, node, 1, row, "a size such as 8k");
  } else {
    scope.own<ServerSettings>().large_client_header_buffers = {static_cast<uint32_t>(*count), size->bytes};
  }
}

void ignore(Build&, Scope&, const Node&, const Row&) {}

const conf::Module<ServerSettings> server_module(
    "http",
    {
        {"client_header_timeout", kServerLevel, &ServerSettings::client_header_timeout, "time",
         "Time the whole head of a request may take, from the first wait for it to its empty line; then 408.",
         "60s"},
        {"client_header_buffer_size", kServerLevel, &ServerSettings::client_header_buffer_size, "size",
         "Room a request's head is expected to need. Larger heads are read as well, up to "
         "large_client_header_buffers.",
         "1k"},
        {"large_client_header_buffers", kServerLevel, arguments(2), set_buffers, "number size",
         "Bounds of a request's head: the request line may not exceed one size (414), nor may one field "
         "(400, which error_page knows as 494), nor the head number times size.",
         "4 8k"},
        {"max_headers", kServerLevel, &ServerSettings::max_headers, "number",
         "Number of header fields a request may have; more are refused with 400.", "1000"},
        {"ignore_invalid_headers", kServerLevel, &ServerSettings::ignore_invalid_headers, "on | off",
         "Whether fields with invalid names are dropped; when off, the request is refused with 400.", "on",
         "When off, a request with a name that is no token is refused; nginx passes the field on."},
        {"underscores_in_headers", kServerLevel, &ServerSettings::underscores_in_headers, "on | off",
         "Whether field names may contain underscores. When off, such fields count as invalid.", "off"},
        {"merge_slashes", kServerLevel, &ServerSettings::merge_slashes, "on | off",
         "Whether neighbouring slashes in a path become one before a location is chosen.", "on"},
        {"connection_pool_size", kServerLevel, &ServerSettings::connection_pool_size, "size",
         "Accepted for compatibility: memory of connections is managed without it.", "512"},
        {"request_pool_size", kServerLevel, &ServerSettings::request_pool_size, "size",
         "Accepted for compatibility: memory of requests is managed without it.", "4k"},
        {"server_names_hash_bucket_size", conf::kHttp, arguments(1), ignore, "size",
         "Accepted for compatibility: the table of names sizes itself.", ""},
        {"server_names_hash_max_size", conf::kHttp, arguments(1), ignore, "size",
         "Accepted for compatibility: the table of names sizes itself.", ""},
        {"variables_hash_bucket_size", conf::kHttp, arguments(1), ignore, "size",
         "Accepted for compatibility: variables are resolved when the configuration is read.", ""},
        {"variables_hash_max_size", conf::kHttp, arguments(1), ignore, "size",
         "Accepted for compatibility: variables are resolved when the configuration is read.", ""},
        {"fastcgi_temp_path", kEverywhere, arguments(1, 4), ignore, "path [level1 [level2 [level3]]]",
         "Accepted for compatibility: nothing here speaks FastCGI, so nothing is stored.", ""},
        {"uwsgi_temp_path", kEverywhere, arguments(1, 4), ignore, "path [level1 [level2 [level3]]]",
         "Accepted for compatibility: nothing here speaks uwsgi, so nothing is stored.", ""},
        {"scgi_temp_path", kEverywhere, arguments(1, 4), ignore, "path [level1 [level2 [level3]]]",
         "Accepted for compatibility: nothing here speaks SCGI, so nothing is stored.", ""},
        {"types_hash_bucket_size", kEverywhere, arguments(1), ignore, "size",
         "Accepted for compatibility: the table of types sizes itself.", ""},
        {"types_hash_max_size", kEverywhere, arguments(1), ignore, "size",
         "Accepted for compatibility: the table of types sizes itself.", ""},
    });

void set_keepalive_timeout(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto timeout = conf::parse_milliseconds(node.argument(0));
  if (!timeout) {
    conf::invalid_value(build, node, 0, row, "a time such as 75s");
    return;
  }
  auto& core = scope.own<CoreSettings>();
  core.keepalive_timeout = *timeout;
  core.keepalive_header = 0;
  if (node.argument_count() < 2) { return; }
  auto told = conf::parse_seconds(node.argument(1));
  if (!told) {
    conf::invalid_value(build, node, 1, row, "a time such as 60s");
    return;
  }
  core.keepalive_header = told->count;
}

// A row whose argument is one of a few words.
template <class T, class Owner>
conf::Row::Set choice(T Owner::*member, std::initializer_list<std::pair<const char*, T>> words) {
  std::vector<std::pair<std::string, T>> choices(words.begin(), words.end());
  return [member, choices](Build& build, Scope& scope, const Node& node, const Row&) {
    for (const auto& [word, value] : choices) {
      if (word == node.argument(0)) {
        scope.own<Owner>().*member = value;
        return;
      }
    }
    std::string expected;
    for (const auto& [word, value] : choices) { expected += (expected.empty() ? "" : ", ") + word; }
    build.error(node.argument_word(0),
                "invalid value \"" + node.argument(0) + "\" in \"" + node.name() + "\" directive",
                "it must be one of " + expected);
  };
}

void set_server_tokens(Build& build, Scope& scope, const Node& node, const Row&) {
  auto& core = scope.own<CoreSettings>();
  const std::string& word = node.argument(0);
  if (word == "on") {
    core.server_tokens = ServerTokens::on;
  } else if (word == "build") {
    core.server_tokens = ServerTokens::build;
  } else if (word == "off" || word.empty()) {
    core.server_tokens = ServerTokens::off;
  } else {
    core.server_tokens = ServerTokens::text;
    core.server_text = conf::Expression::compile(build, conf::Realm::http, node.argument_word(0));
  }
}

void set_types(Build& build, Scope& scope, const Node& node, const Row&) {
  auto types = std::make_shared<MimeTypes>();
  for (const Node& line : node.children) {
    if (line.block) {
      build.error(line.words[0], "a type has no block");
      continue;
    }
    for (size_t i = 0; i < line.argument_count(); ++i) {
      if (!types->add(line.name(), line.argument(i))) {
        build.diagnostics.warn(line.argument_word(i), "duplicate extension \"" + line.argument(i) + "\"", {},
                               "duplicate-type");
      }
    }
  }
  scope.own<CoreSettings>().types = std::move(types);
}

void set_internal(Build&, Scope& scope, const Node&, const Row&) {
  scope.own<LocationOnlySettings>().internal = true;
}

bool take_overwrite(Build& build, const conf::Word& word, ErrorPage& page) {
  if (word.text == "=") {
    page.overwrite = 0;
    return true;
  }
  auto code = conf::parse_number(std::string_view(word.text).substr(1));
  if (!code || *code < 100 || *code > 999) {
    build.error(word, "invalid value \"" + word.text + "\"", "= is followed by a status code");
    return false;
  }
  page.overwrite = static_cast<int>(*code);
  return true;
}

void set_error_page(Build& build, Scope& scope, const Node& node, const Row& row) {
  ErrorPage page;
  size_t last = node.argument_count() - 1;
  size_t codes_end = last;
  if (last >= 1 && node.argument(last - 1).starts_with('=')) {
    codes_end = last - 1;
    if (!take_overwrite(build, node.argument_word(last - 1), page)) { return; }
  }
  for (size_t i = 0; i < codes_end; ++i) {
    auto code = conf::parse_number(node.argument(i));
    if (!code) {
      build.error(node.argument_word(i), "invalid value \"" + node.argument(i) + "\"",
                  "a status code was expected");
      return;
    }
    if (*code == 499) {
      build.error(node.argument_word(i), "invalid value \"499\"",
                  "the client is gone: nobody would see the page");
      return;
    }
    if (*code < 300 || *code > 599) {
      build.error(node.argument_word(i), "value \"" + node.argument(i) + "\" must be between 300 and 599");
      return;
    }
    page.codes.push_back(static_cast<uint16_t>(*code));
  }
  if (page.codes.empty()) {
    build.error(node.words[0], "\"error_page\" names no status code");
    return;
  }
  const conf::Word& target = node.argument_word(last);
  page.target = conf::Expression::compile(build, conf::Realm::http, target);
  page.named = target.text.starts_with('@');
  page.external = !page.named && !target.text.starts_with('/');
  auto& core = scope.own<CoreSettings>();
  if (scope.first_in_block(row)) { core.error_pages.clear(); }
  core.error_pages.push_back(std::move(page));
}

template <conf::Expression CoreSettings::*member>
void set_expression(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto text = conf::Expression::compile(build, conf::Realm::http, node.argument_word(0));
  if (text.constant() && !conf::parse_size(text.text())) {
    conf::invalid_value(build, node, 0, row, "a size such as 100k");
    return;
  }
  scope.own<CoreSettings>().*member = std::move(text);
}

void set_keepalive_disable(Build& build, Scope& scope, const Node& node, const Row&) {
  auto& disable = scope.own<CoreSettings>().keepalive_disable;
  disable = {false, false};
  for (size_t i = 0; i < node.argument_count(); ++i) {
    const std::string& word = node.argument(i);
    disable.msie6 = disable.msie6 || word == "msie6";
    disable.safari = disable.safari || word == "safari";
    if (word != "none" && word != "msie6" && word != "safari") {
      build.error(node.argument_word(i), "invalid value \"" + word + "\"",
                  "it must be none, msie6 or safari");
    }
  }
}

void set_client_body_temp_path(Build& build, Scope& scope, const Node& node, const Row&) {
  auto& path = scope.own<CoreSettings>().client_body_temp_path;
  path = build.config.paths.from_prefix(node.argument(0));
  os::directory_plan(build.config).paths.push_back(path);
}

void default_temp_path(Build& build, Scope& http) {
  http.own<CoreSettings>().client_body_temp_path = build.config.paths.from_prefix("client_body_temp");
}

void plan_temp_path(Build& build, Scope& http) {
  os::directory_plan(build.config).paths.push_back(http.get<CoreSettings>().client_body_temp_path);
}

const HttpDefaultsRow defaults{default_temp_path, plan_temp_path};
const HttpDefaultsRegistration registered(defaults);

using C = CoreSettings;

const conf::Module<CoreSettings> core_module(
    "http",
    {
        {"keepalive_timeout", kEverywhere, arguments(1, 2), set_keepalive_timeout, "timeout [header_timeout]",
         "Time an idle client connection stays open; 0 closes it after each answer. The second parameter is "
         "told to the "
         "client in \"Keep-Alive: timeout=\".",
         "75s"},
        {"keepalive_requests", kEverywhere, &C::keepalive_requests, "number",
         "Requests served over one client connection before it is closed.", "1000"},
        {"keepalive_time", kEverywhere, &C::keepalive_time, "time",
         "Age at which a client connection is closed after its current request.", "1h"},
        {"keepalive_disable", kEverywhere, arguments(1, conf::kAny), set_keepalive_disable,
         "none | browser …",
         "Browsers whose connections carry one request only, as they deal badly with more: msie6: Internet "
         "Explorer 4 to 6, once it has sent a POST; safari: Safari on macOS.",
         "msie6"},
        {"client_max_body_size", kEverywhere, &C::client_max_body_size, "size",
         "Largest request body; more is refused with 413, before it is read where its length is known. 0: no "
         "limit.",
         "1m"},
        {"client_body_buffer_size", kEverywhere, &C::client_body_buffer_size, "size",
         "Request bodies up to this size are kept in memory; larger ones go to a temporary file.", "16k"},
        {"client_body_timeout", kEverywhere, &C::client_body_timeout, "time",
         "Longest pause between two reads of a request body; then 408.", "60s"},
        {"client_body_temp_path", kEverywhere, arguments(1, 4), set_client_body_temp_path,
         "path [level1 [level2 [level3]]]",
         "Folder of temporary files for request bodies. Levels are accepted; the files have no name while in "
         "use.",
         "client_body_temp", "The files have no name while in use, so levels of folders have no effect."},
        {"client_body_in_file_only", kEverywhere, arguments(1),
         choice(&C::client_body_in_file_only,
                {{"off", C::InFile::off}, {"clean", C::InFile::clean}, {"on", C::InFile::on}}),
         "on | clean | off", "Whether every request body is put into a file; on leaves the file behind.",
         "off"},
        {"client_body_in_single_buffer", kEverywhere, &C::client_body_in_single_buffer, "on | off",
         "Accepted for compatibility: $request_body has a body in memory whole, in however many pieces it "
         "came.",
         "off"},
        {"send_timeout", kEverywhere, &C::send_timeout, "time",
         "Longest pause between two writes to the client; then the connection is closed.", "60s"},
        {"reset_timedout_connection", kEverywhere, &C::reset_timedout_connection, "on | off",
         "Whether timed-out connections, and those ended by \"return 444\", are reset instead of closed.",
         "off"},
        {"tcp_nodelay", kEverywhere, &C::tcp_nodelay, "on | off",
         "Whether small packets leave at once (TCP_NODELAY), to the client and to servers.", "on"},
        {"tcp_nopush", kEverywhere, &C::tcp_nopush, "on | off",
         "Accepted for compatibility: waiting to fill packets costs more than it saves.", "off"},
        {"lingering_close", kEverywhere, arguments(1),
         choice(&C::lingering,
                {{"off", Lingering::off}, {"on", Lingering::on}, {"always", Lingering::always}}),
         "off | on | always",
         "Whether a connection is read for a while before it is closed, so that a client that is still "
         "sending sees the "
         "answer.",
         "on"},
        {"lingering_time", kEverywhere, &C::lingering_time, "time", "Longest lingering before a close.",
         "30s"},
        {"lingering_timeout", kEverywhere, &C::lingering_timeout, "timeout",
         "Longest wait for more bytes while lingering.", "5s"},
        {"server_tokens", kEverywhere, arguments(1), set_server_tokens, "on | off | build | text",
         "What the Server field and error pages tell: name and version (on), also what ./configure --build "
         "called it (build), nothing at all (off or an empty text), or a text of one's own, which may "
         "contain "
         "variables.",
         "on", "When off, answers do not name the product at all; nginx leaves out its version only."},
        {"chunked_transfer_encoding", kEverywhere, &C::chunked_transfer_encoding, "on | off",
         "Whether bodies of unknown length are sent chunked to HTTP/1.1 clients; else the connection's end "
         "ends them.",
         "on"},
        {"absolute_redirect", kEverywhere, &C::absolute_redirect, "on | off",
         "Whether redirects made here name scheme and host.", "on"},
        {"port_in_redirect", kEverywhere, &C::port_in_redirect, "on | off",
         "Whether absolute redirects made here name the port.", "on"},
        {"server_name_in_redirect", kEverywhere, &C::server_name_in_redirect, "on | off",
         "Whether absolute redirects use the first server_name instead of the request's host.", "off"},
        {"log_not_found", kEverywhere, &C::log_not_found, "on | off",
         "Whether missing files are told in the error log.", "on"},
        {"log_subrequest", kEverywhere, &C::log_subrequest, "on | off",
         "Whether subrequests are written to the access log.", "off"},
        {"recursive_error_pages", kEverywhere, &C::recursive_error_pages, "on | off",
         "Whether an error while an error page is made looks for an error page again.", "off"},
        {"msie_padding", kEverywhere, &C::msie_padding, "on | off",
         "Whether error pages made here are long enough for Internet Explorer and Chrome to show them: "
         "others than "
         "these get them as they are.",
         "on"},
        {"msie_refresh", kEverywhere, &C::msie_refresh, "on | off",
         "Whether Internet Explorer is sent a page that refreshes to another instead of a 301 or 302.",
         "off"},
        {"if_modified_since", kEverywhere, arguments(1),
         choice(&C::if_modified_since, {{"off", ModifiedSince::off},
                                        {"exact", ModifiedSince::exact},
                                        {"before", ModifiedSince::before}}),
         "off | exact | before", "How If-Modified-Since is compared with the modification time.", "exact"},
        {"etag", kEverywhere, &C::etag, "on | off", "Whether files get an ETag field.", "on"},
        {"max_ranges", kEverywhere, &C::max_ranges, "number",
         "Number of ranges one request may ask for; more are answered with the whole, 0 disables ranges.",
         ""},
        {"sendfile", kEverywhere | conf::kLocationIf, &C::sendfile, "on | off",
         "Accepted: files are sent by sendfile where that is cheaper, whatever this says.", "off"},
        {"sendfile_max_chunk", kEverywhere, &C::sendfile_max_chunk, "size",
         "Most bytes one sendfile call may move, so that a fast client does not keep a worker to itself; 0: "
         "as "
         "many as a turn of the event loop (4m).",
         "2m"},
        {"postpone_output", kEverywhere, &C::postpone_output, "size",
         "Accepted for compatibility: output leaves at the end of each turn of the loop.", "1460"},
        {"subrequest_output_buffer_size", kEverywhere, &C::subrequest_output_buffer_size, "size",
         "Accepted for compatibility: what a subrequest answers is passed on as it comes.", "8k"},
        {"limit_rate", kEverywhere | conf::kLocationIf, arguments(1), set_expression<&C::limit_rate>, "rate",
         "Bytes per second of an answer; 0 is unlimited. May contain variables.", "0"},
        {"limit_rate_after", kEverywhere | conf::kLocationIf, arguments(1),
         set_expression<&C::limit_rate_after>, "size",
         "Bytes of an answer that limit_rate does not hold back.", "0"},
        conf::Module<C>::RowSpec("types", kEverywhere, arguments(0), set_types, "",
                                 "Maps file name extensions to content types.",
                                 "text/html html; image/gif gif; …")
            .block(),
        {"default_type", kEverywhere, &C::default_type, "mime-type", "Content type of what has no other.",
         "text/plain"},
        conf::Module<C>::RowSpec(
            "error_page", kEverywhere | conf::kLocationIf, arguments(2, conf::kAny), set_error_page,
            "code … [=[response]] uri",
            "The page shown for these errors: a path served internally, a @named location, or a URL "
            "to redirect to. =code changes the status, = takes the page's own.")
            .repeating(),
    });

const conf::Module<LocationOnlySettings> location_module(
    "http",
    {
        {"internal", conf::kLocation, arguments(0), set_internal, "",
         "The location serves internal redirects and subrequests only; others get 404."},
    },
    conf::Inherit::no);

}  // namespace

}  // namespace sluice::http
