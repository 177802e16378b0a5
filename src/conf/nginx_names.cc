#include "conf/nginx_names.h"

#include <string>
#include <unordered_set>

namespace sluice::conf {

namespace {

constexpr std::string_view kCore =
    "accept_mutex accept_mutex_delay daemon debug_connection debug_points env error_log events include "
    "load_module lock_file master_process multi_accept pcre_jit pid ssl_engine ssl_object_cache_inheritable "
    "thread_pool timer_resolution use user worker_aio_requests worker_connections worker_cpu_affinity "
    "worker_priority worker_processes worker_rlimit_core worker_rlimit_nofile worker_shutdown_timeout "
    "working_directory google_perftools_profiles otel_exporter otel_service_name otel_trace "
    "otel_trace_context otel_span_name otel_span_attr otel_resource_attr interval batch_size batch_count "
    "mgmt "
    "usage_report license_token deployment_context enforce_initial_report proxy proxy_username "
    "proxy_password "
    "state_path uuid_file connect_timeout send_timeout read_timeout ssl_crl";

constexpr std::string_view kHttpCore =
    "http server location listen server_name absolute_redirect aio aio_write alias auth_delay "
    "chunked_transfer_encoding client_body_buffer_size client_body_in_file_only "
    "client_body_in_single_buffer client_body_temp_path client_body_timeout client_header_buffer_size "
    "client_header_timeout client_max_body_size connection_pool_size default_type directio "
    "directio_alignment disable_symlinks early_hints error_page etag if_modified_since "
    "ignore_invalid_headers internal keepalive_disable keepalive_min_timeout keepalive_requests "
    "keepalive_time keepalive_timeout large_client_header_buffers limit_except limit_rate "
    "limit_rate_after lingering_close lingering_time lingering_timeout log_not_found log_subrequest "
    "max_headers max_ranges merge_slashes msie_padding msie_refresh open_file_cache open_file_cache_errors "
    "open_file_cache_min_uses open_file_cache_valid output_buffers port_in_redirect post_action "
    "postpone_output read_ahead recursive_error_pages request_pool_size reset_timedout_connection resolver "
    "resolver_timeout root satisfy send_lowat sendfile sendfile_max_chunk server_name_in_redirect "
    "server_names_hash_bucket_size server_names_hash_max_size server_tokens subrequest_output_buffer_size "
    "tcp_nodelay tcp_nopush try_files types types_hash_bucket_size types_hash_max_size "
    "underscores_in_headers variables_hash_bucket_size variables_hash_max_size";

constexpr std::string_view kHttpModules =
    "allow deny add_before_body add_after_body addition_types api status_zone status status_format "
    "auth_basic "
    "auth_basic_user_file auth_jwt auth_jwt_claim_set auth_jwt_header_set auth_jwt_key_cache "
    "auth_jwt_key_file auth_jwt_key_request auth_jwt_leeway auth_jwt_type auth_jwt_require auth_oidc "
    "auth_require oidc_provider auth_request auth_request_set autoindex autoindex_exact_size "
    "autoindex_format autoindex_localtime ancient_browser ancient_browser_value modern_browser "
    "modern_browser_value charset charset_map charset_types override_charset source_charset "
    "create_full_put_path dav_access dav_methods min_delete_depth empty_gif f4f f4f_buffer_size flv geo "
    "geoip_country geoip_city geoip_org geoip_proxy geoip_proxy_recursive gunzip gunzip_buffers gzip "
    "gzip_buffers gzip_comp_level gzip_disable gzip_hash gzip_http_version gzip_min_length gzip_no_buffer "
    "gzip_proxied gzip_types gzip_vary gzip_window gzip_static add_header add_header_inherit add_trailer "
    "add_trailer_inherit expires hls hls_buffers hls_forward_args hls_fragment hls_mp4_buffer_size "
    "hls_mp4_max_buffer_size image_filter image_filter_buffer image_filter_interlace "
    "image_filter_jpeg_quality image_filter_sharpen image_filter_transparency image_filter_webp_quality "
    "index internal_redirect js_access js_body_filter js_content js_context_reuse "
    "js_context_reuse_max_size js_engine js_fetch_buffer_size js_fetch_ciphers "
    "js_fetch_keepalive js_fetch_keepalive_requests js_fetch_keepalive_time "
    "js_fetch_keepalive_timeout js_fetch_max_response_buffer_size js_fetch_protocols js_fetch_proxy "
    "js_fetch_timeout js_fetch_trusted_certificate js_fetch_verify js_fetch_verify_depth js_filter "
    "js_header_filter js_import js_include js_load_http_native_module js_load_stream_native_module js_path "
    "js_periodic js_preload_object js_preread js_set js_shared_dict_zone js_var keyval keyval_zone "
    "limit_conn "
    "limit_conn_dry_run limit_conn_log_level limit_conn_status limit_conn_zone limit_zone limit_req "
    "limit_req_dry_run limit_req_log_level limit_req_status limit_req_zone access_log log_format "
    "open_log_file_cache map map_hash_bucket_size map_hash_max_size mirror mirror_request_body mp4 "
    "mp4_buffer_size mp4_limit_rate mp4_limit_rate_after mp4_max_buffer_size mp4_start_key_frame num_map "
    "perl "
    "perl_modules perl_require perl_set random_index set_real_ip_from real_ip_header real_ip_recursive "
    "valid_referers referer_hash_bucket_size referer_hash_max_size break if return rewrite rewrite_log set "
    "uninitialized_variable_warn secure_link secure_link_md5 secure_link_secret session_log "
    "session_log_format session_log_zone slice split_clients ssi ssi_last_modified ssi_min_file_chunk "
    "ssi_silent_errors ssi_types ssi_value_length stub_status sub_filter sub_filter_last_modified "
    "sub_filter_once sub_filter_types userid userid_domain userid_expires userid_flags userid_mark "
    "userid_name userid_p3p userid_path userid_service xml_entities xslt_last_modified xslt_param "
    "xslt_string_param xslt_stylesheet xslt_types http2 http2_body_preread_size http2_chunk_size "
    "http2_idle_timeout http2_max_concurrent_pushes http2_max_concurrent_streams http2_max_field_size "
    "http2_max_header_size http2_max_requests http2_pool_size http2_push http2_push_preload "
    "http2_recv_buffer_size http2_recv_timeout http2_streams_index_size http3 http3_hq "
    "http3_max_concurrent_streams http3_max_table_capacity http3_max_blocked_streams "
    "http3_stream_buffer_size quic_active_connection_id_limit quic_bpf quic_gso quic_host_key quic_mtu "
    "quic_retry spdy_chunk_size spdy_headers_comp tunnel_pass acme_certificate acme_issuer "
    "acme_shared_zone uri account_key challenge contact external_account_key ssl_trusted_certificate "
    "ssl_verify accept_terms_of_service issuer client_id client_secret config_url cookie_name "
    "extra_auth_args frontchannel_logout_uri logout_token_hint logout_uri pkce post_logout_uri "
    "redirect_uri scope session_store session_timeout userinfo";

constexpr std::string_view kUpstream =
    "upstream server zone state hash ip_hash keepalive keepalive_requests keepalive_time keepalive_timeout "
    "least_conn least_time ntlm queue random resolver resolver_timeout sticky sticky_cookie_insert "
    "upstream_conf health_check health_check_timeout match expect send header require status";

// Of the modules that ask another server; each stands for PREFIX_NAME.
constexpr std::string_view kGatewayPrefixes = "proxy fastcgi uwsgi scgi grpc memcached tunnel";
constexpr std::string_view kGatewayNames =
    "allow_upstream bind bind_dynamic buffer_size buffering buffers busy_buffers_size cache "
    "cache_background_update cache_bypass cache_convert_head cache_key cache_lock cache_lock_age "
    "cache_lock_timeout cache_max_range_offset cache_methods cache_min_uses cache_path cache_purge "
    "cache_revalidate cache_use_stale cache_valid catch_stderr connect_timeout cookie_domain cookie_flags "
    "cookie_path force_ranges gzip_flag headers_hash_bucket_size headers_hash_max_size hide_header "
    "http_version ignore_client_abort ignore_headers index intercept_errors keep_conn limit_rate "
    "max_temp_file_size method modifier1 modifier2 next_upstream next_upstream_timeout next_upstream_tries "
    "no_cache param pass pass_header pass_request_body pass_request_headers pass_trailers "
    "read_timeout redirect request_buffering request_dynamic send_lowat send_timeout set_body set_header "
    "socket_keepalive split_path_info ssl_alpn ssl_certificate ssl_certificate_cache ssl_certificate_key "
    "ssl_ciphers ssl_conf_command ssl_crl ssl_key_log ssl_name ssl_password_file ssl_protocols "
    "ssl_server_name ssl_session_reuse ssl_trusted_certificate ssl_verify ssl_verify_depth store "
    "store_access temp_file_write_size temp_path";

constexpr std::string_view kSsl =
    "ssl ssl_alpn ssl_buffer_size ssl_certificate ssl_certificate_cache ssl_certificate_compression "
    "ssl_certificate_key ssl_ciphers ssl_client_certificate ssl_conf_command ssl_crl ssl_dhparam "
    "ssl_early_data ssl_ecdh_curve ssl_ech_file ssl_handshake_timeout ssl_key_log "
    "ssl_name ssl_ocsp ssl_ocsp_cache ssl_ocsp_responder ssl_password_file ssl_prefer_server_ciphers "
    "ssl_preread "
    "ssl_protocols ssl_reject_handshake ssl_server_name ssl_session_cache ssl_session_ticket_key "
    "ssl_session_tickets ssl_session_timeout ssl_stapling ssl_stapling_file ssl_stapling_responder "
    "ssl_stapling_verify ssl_trusted_certificate ssl_verify_client ssl_verify_depth";

constexpr std::string_view kStream =
    "stream pass preread_buffer_size preread_timeout proxy_download_rate proxy_half_close proxy_protocol "
    "proxy_protocol_timeout proxy_requests proxy_responses proxy_session_drop proxy_ssl proxy_timeout "
    "proxy_upload_rate "
    "mqtt mqtt_buffers mqtt_preread mqtt_rewrite_buffer_size mqtt_set_connect rdp_preread zone_sync "
    "zone_sync_buffers zone_sync_connect_retry_interval zone_sync_connect_timeout zone_sync_interval "
    "zone_sync_recv_buffer_size zone_sync_server zone_sync_ssl zone_sync_ssl_certificate "
    "zone_sync_ssl_certificate_key zone_sync_ssl_ciphers zone_sync_ssl_conf_command zone_sync_ssl_crl "
    "zone_sync_ssl_name zone_sync_ssl_password_file zone_sync_ssl_protocols zone_sync_ssl_server_name "
    "zone_sync_ssl_trusted_certificate zone_sync_ssl_verify zone_sync_ssl_verify_depth zone_sync_timeout";

constexpr std::string_view kMail =
    "mail protocol timeout max_errors auth_http auth_http_header auth_http_pass_client_cert "
    "auth_http_timeout "
    "imap_auth imap_capabilities imap_client_buffer pop3_auth pop3_capabilities proxy_buffer "
    "proxy_pass_error_message proxy_protocol proxy_smtp_auth proxy_timeout smtp_auth smtp_capabilities "
    "smtp_client_buffer smtp_greeting_delay starttls xclient";

template <class Visit>
void each_name(std::string_view names, Visit visit) {
  while (!names.empty()) {
    std::string_view name = names.substr(0, names.find(' '));
    visit(name);
    names.remove_prefix(name.size() == names.size() ? name.size() : name.size() + 1);
  }
}

std::unordered_set<std::string> make_names() {
  std::unordered_set<std::string> all;
  for (std::string_view part : {kCore, kHttpCore, kHttpModules, kUpstream, kSsl, kStream, kMail}) {
    each_name(part, [&](std::string_view name) { all.emplace(name); });
  }
  each_name(kGatewayPrefixes, [&](std::string_view prefix) {
    each_name(kGatewayNames,
              [&](std::string_view name) { all.insert(std::string(prefix) + "_" + std::string(name)); });
  });
  return all;
}

}  // namespace

bool is_nginx_directive(std::string_view name) {
  static const std::unordered_set<std::string> all = make_names();
  return all.count(std::string(name)) != 0;
}

}  // namespace sluice::conf
