#include "http/h1/request_parser.h"

#include <algorithm>

#include "base/text.h"
#include "http/fold.h"
#include "http/host.h"
#include "http/scan.h"

namespace sluice::http::h1 {

namespace {

// RFC 9112 2.2 asks for one at least, for clients that end a body with a line end of their own.
constexpr uint8_t kEmptyLines = 4;

// "HTTP/1.1"
constexpr size_t kVersionSize = 8;

string_view text_between(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}

// RFC 3986 3.1
bool is_scheme(string_view text) {
  if (text.empty() || !is_alpha(text.front())) { return false; }
  for (char c : text) {
    if (!is_alpha(c) && !is_digit(c) && c != '+' && c != '-' && c != '.') { return false; }
  }
  return true;
}

}  // namespace

bool RequestParser::fail(uint16_t status, const char* reason) {
  stage_ = Stage::failed;
  status_ = status;
  reason_ = reason;
  return false;
}

[[gnu::always_inline]] inline bool RequestParser::take_field(const char* line, const char* end,
                                                             const char* limit) {
  if (++field_lines_ > limits_.fields) { return fail(400, "too many header lines"); }
  Field& field = head_.fields.draft();
  LineFault fault = split_field_line(line, end, limit, field);
  if (fault == LineFault::none) { return field.id == FieldId::unknown ? keep(field) : take_known(field); }
  if (fault == LineFault::underscore && (limits_.underscores || !limits_.ignore_invalid)) {
    return keep(field);
  }
  bool droppable = fault == LineFault::underscore || fault == LineFault::not_token;
  return (droppable && limits_.ignore_invalid) || fail(400, describe(fault));
}

ParseState RequestParser::parse(const char* begin, size_t size) {
  if (stage_ >= Stage::done) { return stage_ == Stage::done ? ParseState::done : ParseState::failed; }
  const char* end = begin + size;
  const char* last = begin + std::min<size_t>(size, limits_.head);
  const char* line = begin + at_;
  ControlScan controls(begin, begin + scanned_, end);
  while (true) {
    const char* stop = controls.next();
    const char* next = line_end(stop, end);
    if (next == nullptr || next > last || static_cast<size_t>(stop - line) > line_limit()) {
      return cut_short(begin, line, stop, end);
    }
    if (next - stop == 2) { controls.next(); }
    bool good;
    if (stage_ == Stage::fields && line != stop) [[likely]] {
      good = take_field(line, stop, end);
    } else {
      at_ = scanned_ = static_cast<size_t>(next - begin);
      good = stage_ == Stage::fields ? finish() : take_first_line(line, stop);
    }
    if (!good || stage_ == Stage::done) {
      at_ = scanned_ = static_cast<size_t>(next - begin);
      return good ? ParseState::done : ParseState::failed;
    }
    line = next;
  }
}

// The line that begins at `line` has no end yet, or none that it may have.
ParseState RequestParser::cut_short(const char* begin, const char* line, const char* stop, const char* end) {
  const char* next = line_end(stop, end);
  auto length = static_cast<size_t>(stop - line);
  at_ = static_cast<size_t>(line - begin);
  scanned_ = static_cast<size_t>((next == nullptr ? stop : next) - begin);
  if (length > line_limit() || scanned_ > limits_.head) {
    fail_length(length, line_limit());
    return ParseState::failed;
  }
  if (may_end_line(stop, end)) { return ParseState::more; }
  fail(400, "control character in the request header");
  return ParseState::failed;
}

// When a line passes its own limit and that of the head, the byte that came first decides, so that the
// outcome is the same whether the rest is there or not.
bool RequestParser::fail_length(size_t length, size_t limit) {
  size_t head_left = limits_.head - at_;
  if (length <= limit || head_left < limit) { return fail(494, "request header too large"); }
  return stage_ == Stage::fields ? fail(494, "request header or cookie too large")
                                 : fail(414, "request line too long");
}

bool RequestParser::take_first_line(const char* line, const char* end) {
  if (line != end) {
    head_.line = text_between(line, end);
    return take_request_line(line, end);
  }
  start_ = at_;
  return ++empty_lines_ <= kEmptyLines || fail(400, "too many empty lines before the request");
}

// method SP request-target SP HTTP-version (RFC 9112 3), with nothing doubled and nothing else.
bool RequestParser::take_request_line(const char* line, const char* end) {
  const char* space = line;
  // Most requests, without a look at any table.
  bool get = end - line > 4 && memcmp(line, "GET ", 4) == 0;
  if (get) { space += 3; }
  while (space != end && is_name_char(*space)) { ++space; }
  if (space == line || space == end || *space != ' ') { return fail(400, "invalid method"); }
  head_.method_text = text_between(line, space);
  head_.method = get ? Method::get : parse_method(head_.method_text);
  const char* target = space + 1;
  const char* target_end = find_target_end(line, target, end);
  if (target == target_end) { return fail(400, "request without a target"); }
  head_.target = text_between(target, target_end);
  if (target_end == end) { return fail(400, "request without a version"); }
  if (*target_end != ' ') { return fail(400, "invalid character in the target"); }
  return take_version(text_between(target_end + 1, end)) && take_target(head_.target);
}

bool RequestParser::take_version(string_view version) {
  if (version.size() != kVersionSize || memcmp(version.data(), "HTTP/", 5) != 0 || !is_digit(version[5]) ||
      version[6] != '.' || !is_digit(version[7])) {
    return fail(400, "invalid version");
  }
  if (version[5] != '1') { return fail(505, "unsupported version"); }
  // A later 1.x is to be understood as the highest we know (RFC 9110 2.5).
  head_.minor = version[7] == '0' ? 0 : 1;
  stage_ = Stage::fields;
  return true;
}

// The four forms of RFC 9112 3.2.
bool RequestParser::take_target(string_view target) {
  if (head_.method == Method::connect) {
    if (!valid_host(target) || split_host_port(target).port.empty()) {
      return fail(400, "target of CONNECT is not host:port");
    }
    head_.authority = target;
    head_.path = "/";
    return true;
  }
  if (target.front() == '/') {
    head_.path = target;
    return true;
  }
  if (target == "*" && head_.method == Method::options) {
    head_.path = target;
    return true;
  }
  return take_absolute(target);
}

bool RequestParser::take_absolute(string_view target) {
  size_t colon = target.find(':');
  if (colon == string_view::npos || !is_scheme(target.substr(0, colon)) || target.substr(colon, 3) != "://") {
    return fail(400, "target in none of the four forms");
  }
  string_view rest = target.substr(colon + 3);
  size_t path = rest.find_first_of("/?");
  head_.scheme = target.substr(0, colon);
  head_.authority = rest.substr(0, path);
  if (!valid_host(head_.authority)) { return fail(400, "invalid host in the target"); }
  if (path == string_view::npos) {
    head_.path = "/";
  } else {
    rest.remove_prefix(path);
    head_.path = rest.front() == '/' ? rest : head_.fields.arena().join("/", rest);
  }
  return true;
}

bool RequestParser::keep(const Field& draft) {
  head_.fields.keep(draft);
  return true;
}

bool RequestParser::take_known(const Field& field) {
  switch (field.id) {
    case FieldId::content_length:
      return take_length(field);
    case FieldId::transfer_encoding:
      return take_coding(field);
    case FieldId::connection:
      parse_connection(field.value, connection_);
      break;
    case FieldId::expect:
      // RFC 9110 10.1.1: not for us when it comes from an HTTP/1.0 client.
      if (head_.minor > 0 && !is_word(field.value, "100-continue")) {
        return fail(417, "unknown expectation");
      }
      head_.expect_continue = head_.minor > 0;
      break;
    case FieldId::host:
      // RFC 9112 3.2
      if (head_.fields.has(FieldId::host)) { return fail(400, "duplicate Host"); }
      if (!valid_host(field.value)) { return fail(400, "invalid Host"); }
      break;
    default:
      break;
  }
  return keep(field);
}

// RFC 9112 6.3: anything but one number could be read as two different lengths. The same again says nothing
// new and is dropped.
bool RequestParser::take_length(const Field& field) {
  if (const Field* first = head_.fields.find(FieldId::content_length)) {
    return first->value == field.value || fail(400, "contradictory Content-Length");
  }
  auto length = parse_decimal(field.value);
  if (!length.has_value()) { return fail(400, "invalid Content-Length"); }
  head_.framing = Framing::length;
  head_.content_length = *length;
  return keep(field);
}

// RFC 9112 6.1
bool RequestParser::take_coding(const Field& field) {
  if (head_.minor == 0) { return fail(400, "Transfer-Encoding in HTTP/1.0"); }
  if (head_.fields.has(FieldId::transfer_encoding)) { return fail(400, "duplicate Transfer-Encoding"); }
  switch (parse_transfer_encoding(field.value)) {
    case Coding::malformed:
      return fail(400, "invalid Transfer-Encoding");
    case Coding::unknown:
      return fail(501, "unknown Transfer-Encoding");
    case Coding::chunked:
      break;
  }
  return keep(field);
}

bool RequestParser::finish() {
  if (head_.minor > 0 && !head_.fields.has(FieldId::host)) { return fail(400, "request without Host"); }
  if (head_.fields.has(FieldId::transfer_encoding)) {
    if (head_.framing == Framing::length) { return fail(400, "Content-Length with Transfer-Encoding"); }
    head_.framing = Framing::chunked;
  }
  head_.keepalive = !connection_.close && (head_.minor > 0 || connection_.keep_alive);
  head_.size = static_cast<uint32_t>(at_ - start_);
  stage_ = Stage::done;
  return true;
}

void RequestParser::moved(const char* old_begin, const char* new_begin) {
  const char* old_end = old_begin + scanned_;
  ptrdiff_t delta = new_begin - old_begin;
  for (string_view* text :
       {&head_.method_text, &head_.target, &head_.scheme, &head_.authority, &head_.path, &head_.line}) {
    rebase(*text, old_begin, old_end, delta);
  }
  head_.fields.rebase(old_begin, old_end, delta);
}

}  // namespace sluice::http::h1
