#include "cli/build_info.h"

#include "conf/directive.h"
#include "config.h"

namespace sluice::cli {

namespace {

// A module counts as built in when the directive that it exists for does, so that this list cannot lie.
struct ModuleRow {
  const char* argument;
  const char* directive;
};

// Those that nginx builds only when asked.
constexpr ModuleRow kOptional[] = {
    {"--with-http_ssl_module", "ssl_certificate"},
    {"--with-http_v2_module", "http2"},
    {"--with-http_v3_module", "http3"},
    {"--with-http_realip_module", "set_real_ip_from"},
    {"--with-http_addition_module", "add_before_body"},
    {"--with-http_xslt_module", "xslt_stylesheet"},
    {"--with-http_image_filter_module", "image_filter"},
    {"--with-http_geoip_module", "geoip_country"},
    {"--with-http_sub_module", "sub_filter"},
    {"--with-http_dav_module", "dav_methods"},
    {"--with-http_flv_module", "flv"},
    {"--with-http_mp4_module", "mp4"},
    {"--with-http_gunzip_module", "gunzip"},
    {"--with-http_gzip_static_module", "gzip_static"},
    {"--with-http_auth_request_module", "auth_request"},
    {"--with-http_random_index_module", "random_index"},
    {"--with-http_secure_link_module", "secure_link"},
    {"--with-http_degradation_module", "degradation"},
    {"--with-http_slice_module", "slice"},
    {"--with-http_stub_status_module", "stub_status"},
    {"--with-stream", "stream"},
    {"--with-stream_ssl_preread_module", "ssl_preread"},
};

// Those that it builds unless told not to.
constexpr ModuleRow kDefault[] = {
    {"--without-http", "http"},
    {"--without-http_charset_module", "charset"},
    {"--without-http_gzip_module", "gzip"},
    {"--without-http_ssi_module", "ssi"},
    {"--without-http_userid_module", "userid"},
    {"--without-http_access_module", "allow"},
    {"--without-http_auth_basic_module", "auth_basic"},
    {"--without-http_mirror_module", "mirror"},
    {"--without-http_autoindex_module", "autoindex"},
    {"--without-http_geo_module", "geo"},
    {"--without-http_map_module", "map"},
    {"--without-http_split_clients_module", "split_clients"},
    {"--without-http_referer_module", "valid_referers"},
    {"--without-http_rewrite_module", "rewrite"},
    {"--without-http_proxy_module", "proxy_pass"},
    {"--without-http_fastcgi_module", "fastcgi_pass"},
    {"--without-http_uwsgi_module", "uwsgi_pass"},
    {"--without-http_scgi_module", "scgi_pass"},
    {"--without-http_grpc_module", "grpc_pass"},
    {"--without-http_memcached_module", "memcached_pass"},
    {"--without-http_limit_conn_module", "limit_conn"},
    {"--without-http_limit_req_module", "limit_req"},
    {"--without-http_empty_gif_module", "empty_gif"},
    {"--without-http_browser_module", "modern_browser"},
    {"--without-http_upstream_hash_module", "hash"},
    {"--without-http_upstream_ip_hash_module", "ip_hash"},
    {"--without-http_upstream_least_conn_module", "least_conn"},
    {"--without-http_upstream_random_module", "random"},
    {"--without-http_upstream_keepalive_module", "keepalive"},
    {"--without-http_upstream_zone_module", "zone"},
    {"--without-http-cache", "proxy_cache"},
};

constexpr struct {
  const char* argument;
  const char* value;
} kPaths[] = {
    {"--prefix=", SLUICE_PREFIX},
    {"--sbin-path=", SLUICE_SBIN_PATH},
    {"--conf-path=", SLUICE_CONF_PATH},
    {"--error-log-path=", SLUICE_ERROR_LOG_PATH},
    {"--http-log-path=", SLUICE_HTTP_LOG_PATH},
    {"--pid-path=", SLUICE_PID_PATH},
    {"--user=", SLUICE_USER},
    {"--group=", SLUICE_GROUP},
};

void append(std::string& out, const std::string& argument) {
  if (!out.empty()) { out += ' '; }
  out += argument;
}

// Whether the person who configured gave this one.
bool given(const std::string& argument) {
  return (" " + std::string(SLUICE_CONFIGURE_ARGS)).find(" " + argument) != std::string::npos;
}

// Relative ones are below the prefix; tools want to open them.
std::string shown_path(const std::string& argument, std::string value) {
  bool path = argument.ends_with("-path=");
  if (path && !value.starts_with('/')) { value = SLUICE_PREFIX + value; }
  while (argument == "--prefix=" && value.size() > 1 && value.ends_with('/')) { value.pop_back(); }
  return argument + value;
}

}  // namespace

bool has_directive(const char* name) { return conf::contexts_of(name) != 0; }

std::string configure_arguments() {
  std::string out = SLUICE_CONFIGURE_ARGS;
  for (const auto& path : kPaths) {
    if (!given(path.argument)) { append(out, shown_path(path.argument, path.value)); }
  }
  for (const char* always : {"--with-debug", "--with-pcre", "--with-pcre-jit"}) {
    if (!given(always)) { append(out, always); }
  }
  for (const ModuleRow& module : kOptional) {
    if (has_directive(module.directive)) { append(out, module.argument); }
  }
  for (const ModuleRow& module : kDefault) {
    if (!has_directive(module.directive)) { append(out, module.argument); }
  }
  return out;
}

}  // namespace sluice::cli
