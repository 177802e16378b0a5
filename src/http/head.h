// Heads of messages: what a codec produces from bytes, and what is composed into bytes again.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/field.h"

namespace sluice::http {

enum class Method : uint8_t {
  unknown,  // a token we do not know: method_text says which
  get,
  head,
  post,
  put,
  delete_,
  options,
  patch,
  trace,
  connect,
  propfind,
  proppatch,
  mkcol,
  copy,
  move,
  lock,
  unlock,
};
Method parse_method(string_view token);  // case-sensitive (RFC 9110 9.1)
string_view method_name(Method method);
bool is_idempotent(Method method);  // RFC 9110 9.2.2
bool is_safe(Method method);        // RFC 9110 9.2.1

// How a body's end is told.
enum class Framing : uint8_t {
  none,     // no body
  length,   // Content-Length
  chunked,  // Transfer-Encoding: chunked
  close,    // until the connection ends (responses only)
  stream,   // the protocol below says (HTTP/2)
};

struct RequestHead {
  explicit RequestHead(Arena& arena) : fields(arena) {}
  Method method = Method::unknown;
  string_view method_text;
  string_view target;     // as received: origin-form, absolute-form, authority-form or *
  string_view scheme;     // of an absolute-form target or :scheme; else empty
  string_view authority;  // of an absolute-form target or :authority; else empty
  string_view path;  // target's path and query, "/" when the absolute form has none; "*" for asterisk-form
  uint8_t major = 1;
  uint8_t minor = 1;
  Fields fields;
  Framing framing = Framing::none;
  uint64_t content_length = 0;  // when framing is length
  bool keepalive = true;        // what the client asked for and framing allows
  bool expect_continue = false;
  uint32_t size = 0;  // bytes of request line and fields as received
  string_view line;   // the request line as received, without its end, for logs
};

struct ResponseHead {
  explicit ResponseHead(Arena& arena) : fields(arena) {}
  uint16_t status = 0;
  string_view reason;
  uint8_t minor = 1;
  Fields fields;
  Framing framing = Framing::none;
  uint64_t content_length = 0;
  bool keepalive = true;  // the connection may carry another message afterwards
  uint32_t size = 0;
};

string_view reason_phrase(uint16_t status);

}  // namespace sluice::http
