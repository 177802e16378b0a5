// HTTP/1 request head: bytes in, RequestHead out. No I/O, no allocation but the field list in the arena.
// Strict RFC 9112: what two readers could understand differently is refused (see the errors). Each line is
// parsed once, when it is complete, however the bytes arrive: the outcome does not depend on where they were
// cut.
#pragma once

#include <cstddef>
#include <cstdint>

#include "http/h1/field_line.h"
#include "http/head.h"

namespace sluice::http::h1 {

struct RequestLimits {
  uint32_t line = 8192;    // request line, bytes: more is 414
  uint32_t field = 8192;   // one field line: more is 494, which is sent as 400
  uint32_t head = 32768;   // everything up to the empty line
  uint32_t fields = 1000;  // number of field lines
  bool ignore_invalid =
      true;  // drop lines whose name is not a token, or holds an underscore without `underscores`;
  bool underscores = false;  // when off, refuse those that are no tokens and take underscores
};

enum class ParseState : uint8_t { more, done, failed };

class RequestParser {
 public:
  // `head` is fresh.
  RequestParser(RequestHead& head, const RequestLimits& limits) : head_(head), limits_(limits) {}

  // `begin` is the first byte of the message (leading empty lines included) and stays the same between calls
  // unless moved() was called; `size` is how much is there now. After done, consumed() bytes belong to the
  // head.
  ParseState parse(const char* begin, size_t size);
  // The buffer moved: views already taken follow. To be told before the old one is used for anything else.
  void moved(const char* old_begin, const char* new_begin);

  size_t consumed() const { return at_; }
  // After failed: the status to answer with (400, 414, 417, 501, 505) and why, for the log.
  uint16_t status() const { return status_; }
  const char* reason() const { return reason_; }
  // The request line was read whole, if not understood: head.line may be used in log lines, and so may method
  // and target as far as they are set.
  bool have_line() const { return !head_.line.empty(); }

 private:
  enum class Stage : uint8_t { request_line, fields, done, failed };

  bool fail(uint16_t status, const char* reason);
  bool fail_length(size_t length, size_t limit);
  ParseState cut_short(const char* begin, const char* line, const char* stop, const char* end);
  size_t line_limit() const { return stage_ == Stage::fields ? limits_.field : limits_.line; }
  bool take_first_line(const char* line, const char* end);
  bool take_request_line(const char* line, const char* end);
  bool take_version(string_view version);
  bool take_target(string_view target);
  bool take_absolute(string_view target);
  bool take_field(const char* line, const char* end, const char* limit);
  bool keep(const Field& draft);
  bool take_known(const Field& field);
  bool take_length(const Field& field);
  bool take_coding(const Field& field);
  bool finish();

  RequestHead& head_;
  RequestLimits limits_;
  size_t at_ = 0;       // start of the line being read
  size_t scanned_ = 0;  // bytes already searched for a line end
  size_t start_ = 0;    // where the request line begins
  uint16_t status_ = 0;
  Stage stage_ = Stage::request_line;
  uint8_t empty_lines_ = 0;
  ConnectionOptions connection_;
  const char* reason_ = "";
  uint32_t field_lines_ = 0;
};

}  // namespace sluice::http::h1
