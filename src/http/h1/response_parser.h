// HTTP/1 response head from an origin. Anything but HTTP/1.x SP 3DIGIT is an error (502), so are NUL, bare CR
// and contradictory framing. Interim (1xx) heads are returned like any other: the caller goes on. The outcome
// does not depend on where the bytes were cut.
#pragma once

#include "http/h1/field_line.h"
#include "http/h1/request_parser.h"
#include "http/head.h"

namespace sluice::http::h1 {

struct ResponseLimits {
  uint32_t head = 65536;  // bytes up to the empty line; lines have no other limit
  uint32_t fields = 1000;
};

class ResponseParser {
 public:
  // `request_method` decides whether there can be a body (HEAD). `head` is fresh.
  ResponseParser(ResponseHead& head, const ResponseLimits& limits, Method request_method)
      : head_(head), limits_(limits), method_(request_method) {}
  ParseState parse(const char* begin, size_t size);
  void moved(const char* old_begin, const char* new_begin);
  size_t consumed() const { return at_; }
  const char* reason() const { return reason_; }

 private:
  enum class Stage : uint8_t { status_line, fields, done, failed };

  bool fail(const char* reason);
  ParseState cut_short(const char* begin, const char* line, const char* stop, const char* end);
  bool take_status_line(string_view line);
  bool take_field(const char* line, const char* end, const char* limit);
  bool keep(const Field& draft);
  bool take_known(const Field& field);
  bool take_length(const Field& field);
  bool take_coding(const Field& field);
  bool finish();
  void decide_framing();
  bool bodiless() const;

  ResponseHead& head_;
  ResponseLimits limits_;
  Method method_;
  Stage stage_ = Stage::status_line;
  ConnectionOptions connection_;
  size_t at_ = 0;
  size_t scanned_ = 0;
  const char* reason_ = "";
  uint32_t field_lines_ = 0;
};

}  // namespace sluice::http::h1
