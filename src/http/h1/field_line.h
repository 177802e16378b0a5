// One field line of a head: what requests, responses and trailers have in common (RFC 9112 5).
#pragma once

#include "http/field.h"

namespace sluice::http::h1 {

enum class LineFault : uint8_t {
  none,
  folded,  // begins with white space: obs-fold, or a header smuggled under another (RFC 9112 5.2, 2.2)
  no_colon,
  no_name,
  blank,       // white space between name and colon (RFC 9112 5.1)
  not_token,   // the name holds something else than token characters
  underscore,  // a token, but with an underscore: CGI-like readers take X_Y for X-Y
};
const char* describe(LineFault fault);

// Cuts [begin, end), a line without its end and without controls, into name, value and id. On `blank`,
// `not_token` and `underscore` the field is filled all the same: the name without the white space.
LineFault split_field_line(const char* begin, const char* end, Field& field);

// What a Transfer-Encoding value asks for. Only exactly "chunked" can be served (RFC 9112 6.1).
enum class Coding : uint8_t {
  chunked,
  unknown,    // well-formed, but we do not speak it
  malformed,  // empty members, no tokens, or chunked where it may not stand
};
Coding parse_transfer_encoding(std::string_view value);

// Connection options that matter to framing, out of one Connection line.
struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
};
void parse_connection(std::string_view value, ConnectionOptions& options);

}  // namespace sluice::http::h1
