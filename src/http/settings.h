// Settings of the core that every request meets. Features keep their own beside their code.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "conf/expression.h"
#include "conf/value.h"
#include "http/conditional.h"
#include "http/error_page_text.h"
#include "http/mime.h"

namespace sluice::http {

struct Location;

// Decided before a location is known: they hold for a whole server.
struct ServerSettings {
  conf::Milliseconds client_header_timeout{60'000};
  conf::Size client_header_buffer_size{1024};
  conf::Buffers large_client_header_buffers{4, 8192};
  uint64_t max_headers = 1000;
  bool ignore_invalid_headers = true;
  bool underscores_in_headers = false;
  bool merge_slashes = true;
  conf::Size connection_pool_size{512};
  conf::Size request_pool_size{4096};
  std::string server_name_hash;  // accepted for nginx's sake: our tables size themselves
};

enum class Lingering : uint8_t { off, on, always };

struct ErrorPage {
  std::vector<uint16_t> codes;
  int overwrite = -1;  // -1: the original status; 0: that of the page; else this one
  conf::Expression target;
  bool named = false;     // @location
  bool external = false;  // a redirect to another server
};

struct CoreSettings {
  conf::Milliseconds keepalive_timeout{75'000};
  uint64_t keepalive_header = 0;  // seconds told in Keep-Alive; 0: no field
  uint64_t keepalive_requests = 1000;
  conf::Milliseconds keepalive_time{3'600'000};
  struct {
    bool msie6 = true;
    bool safari = false;
  } keepalive_disable;
  conf::Size client_max_body_size{1 << 20};
  conf::Size client_body_buffer_size{16 << 10};
  conf::Milliseconds client_body_timeout{60'000};
  std::string client_body_temp_path;
  enum class InFile : uint8_t { off, clean, on } client_body_in_file_only = InFile::off;
  bool client_body_in_single_buffer = false;
  conf::Milliseconds send_timeout{60'000};
  bool reset_timedout_connection = false;
  bool tcp_nodelay = true;
  bool tcp_nopush = false;
  Lingering lingering = Lingering::on;
  conf::Milliseconds lingering_time{30'000};
  conf::Milliseconds lingering_timeout{5'000};
  ServerTokens server_tokens = ServerTokens::on;
  conf::Expression server_text;  // for ServerTokens::text
  bool chunked_transfer_encoding = true;
  bool absolute_redirect = true;
  bool port_in_redirect = true;
  bool server_name_in_redirect = false;
  bool log_not_found = true;
  bool log_subrequest = false;
  bool recursive_error_pages = false;
  bool msie_padding = true;
  bool msie_refresh = false;
  ModifiedSince if_modified_since = ModifiedSince::exact;
  bool etag = true;
  uint64_t max_ranges = UINT64_MAX;
  bool sendfile = false;
  conf::Size sendfile_max_chunk{2 << 20};
  conf::Size postpone_output{1460};
  conf::Size subrequest_output_buffer_size{8192};
  conf::Expression limit_rate;  // empty: unlimited
  conf::Expression limit_rate_after;
  std::shared_ptr<const MimeTypes> types;  // null: built in
  std::string default_type = "text/plain";
  std::vector<ErrorPage> error_pages;
};

// Holds for its own block alone.
struct LocationOnlySettings {
  bool internal = false;
};

}  // namespace sluice::http
