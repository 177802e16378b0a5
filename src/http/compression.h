// Whether an answer may be compressed for a client, by whatever coding: what the directives
// gzip_http_version, gzip_proxied, gzip_disable and gzip_vary say.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "conf/regex.h"

namespace sluice::http {

class Request;

struct CompressionSettings {
  uint8_t least_minor = 1;  // HTTP/1.x
  uint32_t proxied = 0;     // see compression.cc
  std::vector<std::shared_ptr<const conf::Regex>> disabled_for;
  bool vary = false;
};

// How much the client likes the coding, in thousandths; 0: it may not get it.
int coding_wanted(Request& request, std::string_view coding);
// The answer would have been another for a client that accepts other codings.
void tell_vary(Request& request);

}  // namespace sluice::http
