#include "http/h1/response_parser.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "http/scan.h"

namespace sluice::http::h1 {

bool ResponseParser::fail(const char* reason) {
  stage_ = Stage::failed;
  reason_ = reason;
  return false;
}

namespace {

// Fields whose value says something about the message itself.
constexpr auto kFraming = [] {
  std::array<bool, kFieldIds> known{};
  for (FieldId id : {FieldId::content_length, FieldId::transfer_encoding, FieldId::connection}) {
    known[static_cast<size_t>(id)] = true;
  }
  return known;
}();

}  // namespace

[[gnu::always_inline]] inline bool ResponseParser::take_field(const char* line, const char* end,
                                                              const char* limit) {
  if (++field_lines_ > limits_.fields) { return fail("too many response header lines"); }
  Field& field = head_.fields.draft();
  switch (LineFault fault = split_field_line(line, end, limit, field)) {
    case LineFault::none:
    case LineFault::underscore:
    case LineFault::blank:  // removed (RFC 9112 5.1)
      return kFraming[static_cast<size_t>(field.id)] ? take_known(field) : keep(field);
    case LineFault::not_token:
      return true;  // dropped
    default:
      return fail(describe(fault));
  }
}

ParseState ResponseParser::parse(const char* begin, size_t size) {
  if (stage_ >= Stage::done) { return stage_ == Stage::done ? ParseState::done : ParseState::failed; }
  const char* end = begin + size;
  const char* last = begin + std::min<size_t>(size, limits_.head);
  const char* line = begin + at_;
  ControlScan controls(begin, begin + scanned_, end);
  while (true) {
    const char* stop = controls.next();
    const char* next = line_end(stop, end);
    if (next == nullptr || next > last) { return cut_short(begin, line, stop, end); }
    if (next - stop == 2) { controls.next(); }
    bool good;
    if (stage_ != Stage::fields) {
      good = take_status_line({line, static_cast<size_t>(stop - line)});
    } else if (line != stop) {
      good = take_field(line, stop, end);
    } else {
      at_ = scanned_ = static_cast<size_t>(next - begin);
      finish();
      return ParseState::done;
    }
    if (!good) { return ParseState::failed; }
    line = next;
  }
}

// The line that begins at `line` has no end yet, or none that it may have.
ParseState ResponseParser::cut_short(const char* begin, const char* line, const char* stop, const char* end) {
  at_ = static_cast<size_t>(line - begin);
  scanned_ = static_cast<size_t>(stop - begin);
  const char* next = line_end(stop, end);
  if (static_cast<size_t>((next == nullptr ? stop : next) - begin) > limits_.head) {
    fail("upstream sent too big header");
    return ParseState::failed;
  }
  if (may_end_line(stop, end)) { return ParseState::more; }
  fail("control character in the response header");
  return ParseState::failed;
}

// "HTTP/1.x SP 3DIGIT [SP reason]" (RFC 9112 4). The blank before a missing reason is missing in practice
// too.
bool ResponseParser::take_status_line(string_view line) {
  constexpr size_t kShortest = sizeof "HTTP/1.1 200" - 1;
  if (line.size() < kShortest || memcmp(line.data(), "HTTP/1.", 7) != 0 || !is_digit(line[7]) ||
      line[8] != ' ') {
    return fail("invalid status line");
  }
  char hundreds = line[9], tens = line[10], ones = line[11];
  if (!is_digit(hundreds) || !is_digit(tens) || !is_digit(ones)) { return fail("invalid status"); }
  auto status = static_cast<uint16_t>((hundreds - '0') * 100 + (tens - '0') * 10 + (ones - '0'));
  if (status < 100 || (line.size() > kShortest && line[kShortest] != ' ')) { return fail("invalid status"); }
  head_.status = status;
  head_.minor = line[7] == '0' ? 0 : 1;
  if (line.size() > kShortest) { head_.reason = line.substr(kShortest + 1); }
  stage_ = Stage::fields;
  return true;
}

bool ResponseParser::keep(const Field& draft) {
  head_.fields.keep(draft);
  return true;
}

bool ResponseParser::take_known(const Field& field) {
  switch (field.id) {
    case FieldId::content_length:
      return take_length(field);
    case FieldId::transfer_encoding:
      return take_coding(field);
    case FieldId::connection:
      parse_connection(field.value, connection_);
      break;
    default:
      break;
  }
  return keep(field);
}

// RFC 9112 6.3: the same length again is dropped, a different one leaves the body's end to guesswork.
bool ResponseParser::take_length(const Field& field) {
  if (const Field* first = head_.fields.find(FieldId::content_length)) {
    return first->value == field.value || fail("contradictory Content-Length");
  }
  auto length = parse_decimal(field.value);
  if (!length.has_value()) { return fail("invalid Content-Length"); }
  head_.content_length = *length;
  return keep(field);
}

// RFC 9112 6.1
bool ResponseParser::take_coding(const Field& field) {
  if (head_.minor == 0) { return fail("Transfer-Encoding in HTTP/1.0"); }
  if (head_.fields.has(FieldId::transfer_encoding)) { return fail("duplicate Transfer-Encoding"); }
  if (parse_transfer_encoding(field.value) != Coding::chunked) { return fail("unknown Transfer-Encoding"); }
  return keep(field);
}

bool ResponseParser::bodiless() const {
  return method_ == Method::head || head_.status < 200 || head_.status == 204 || head_.status == 304;
}

bool ResponseParser::finish() {
  // After 101 the connection speaks another protocol.
  head_.keepalive = !connection_.close && (head_.minor > 0 || connection_.keep_alive) && head_.status != 101;
  decide_framing();
  head_.size = static_cast<uint32_t>(at_);
  stage_ = Stage::done;
  return true;
}

// RFC 9112 6.3, in its order.
void ResponseParser::decide_framing() {
  Fields& fields = head_.fields;
  bool chunked = fields.has(FieldId::transfer_encoding);
  bool length = fields.has(FieldId::content_length);
  if (chunked && length) {
    // Chunked wins, and nothing behind it is trusted.
    fields.remove(FieldId::content_length);
    head_.content_length = 0;
    head_.keepalive = false;
  }
  if (bodiless()) {
    if (head_.status < 200 || head_.status == 204) {
      // These may not tell a length (RFC 9110 8.6): a reader that believed it would wait for a body.
      fields.remove(FieldId::content_length);
      fields.remove(FieldId::transfer_encoding);
      head_.content_length = 0;
    }
    head_.framing = Framing::none;
  } else if (chunked) {
    head_.framing = Framing::chunked;
  } else if (length) {
    head_.framing = Framing::length;
  } else {
    head_.framing = Framing::close;
    head_.keepalive = false;
  }
}

void ResponseParser::moved(const char* old_begin, const char* new_begin) {
  const char* old_end = old_begin + scanned_;
  ptrdiff_t delta = new_begin - old_begin;
  rebase(head_.reason, old_begin, old_end, delta);
  head_.fields.rebase(old_begin, old_end, delta);
}

}  // namespace sluice::http::h1
