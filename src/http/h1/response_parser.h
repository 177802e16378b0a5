// HTTP/1 response head from an origin. Anything but HTTP/1.x SP 3DIGIT is an error (502), so are NUL, bare CR
// and contradictory framing. Interim (1xx) heads are returned like any other: the caller goes on.
#pragma once

#include "http/h1/request_parser.h"
#include "http/head.h"

namespace sluice::http::h1 {

struct ResponseLimits {
  uint32_t head = 65536;  // bytes up to the empty line; lines have no other limit
  uint32_t fields = 1000;
};

class ResponseParser {
 public:
  // `request_method` decides whether there can be a body (HEAD).
  ResponseParser(ResponseHead& head, const ResponseLimits& limits, Method request_method)
      : head_(head), limits_(limits), method_(request_method) {}
  ParseState parse(const char* begin, size_t size);
  void moved(const char* old_begin, const char* new_begin);
  size_t consumed() const { return at_; }
  const char* reason() const { return reason_; }

 private:
  ResponseHead& head_;
  ResponseLimits limits_;
  Method method_;
  size_t at_ = 0;
  size_t scanned_ = 0;
  const char* reason_ = "";
  uint32_t field_lines_ = 0;
  bool have_status_ = false;
};

}  // namespace sluice::http::h1
