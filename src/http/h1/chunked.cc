#include "http/h1/chunked.h"

#include <algorithm>

#include "base/text.h"
#include "http/h1/field_line.h"
#include "http/scan.h"

namespace sluice::http::h1 {

namespace {
constexpr uint8_t kSizeDigits = 16;  // of 64 bits; leading zeros count
constexpr uint32_t kExtensionLimit = 4096;
}  // namespace

bool ChunkedDecoder::fail(const char* reason) {
  state_ = State::failed;
  reason_ = reason;
  return false;
}

ChunkedDecoder::Event ChunkedDecoder::decode(const char* input, size_t size) {
  const char* at = input;
  const char* end = input + size;
  Event event = Event::more;
  while (at != end && state_ < State::done) {
    if (state_ == State::data) {
      data_ = {at, static_cast<size_t>(std::min<uint64_t>(left_, static_cast<uint64_t>(end - at)))};
      at += data_.size();
      left_ -= data_.size();
      state_ = left_ == 0 ? State::data_cr : State::data;
      event = Event::data;
      break;
    }
    at = take(at, end);
  }
  consumed_ = static_cast<size_t>(at - input);
  if (state_ == State::done) { return Event::end; }
  return state_ == State::failed ? Event::failed : event;
}

// One step outside of data: a size, an extension, or a byte of anything else. The byte that fails is not
// consumed.
const char* ChunkedDecoder::take(const char* at, const char* end) {
  if (state_ == State::size) { return take_size(at, end); }
  if (state_ == State::extension) { return take_extension(at, end); }
  return state_ < State::trailer ? at + take_byte(*at) : at + (count_trailer_byte() && take_trailer(*at));
}

// 1*HEXDIG, no sign, prefix or blank, and no more digits than a number can have.
const char* ChunkedDecoder::take_size(const char* at, const char* end) {
  for (; at != end; ++at) {
    int digit = hex_value(*at);
    if (digit < 0) { return at + take_size_byte(*at); }
    if (digits_++ == kSizeDigits) {
      fail("chunk size too large");
      return at;
    }
    left_ = left_ << 4 | static_cast<uint64_t>(digit);
  }
  return at;
}

bool ChunkedDecoder::take_size_byte(char c) {
  if (digits_ == 0 || (c != ';' && c != '\r')) { return fail("invalid chunk size"); }
  line_size_ = 0;
  state_ = c == ';' ? State::extension : State::size_lf;
  return true;
}

// Skipped. Quotes do not matter: a line end inside of them is one all the same.
const char* ChunkedDecoder::take_extension(const char* at, const char* end) {
  size_t room = kExtensionLimit - line_size_;
  const char* limit = static_cast<size_t>(end - at) > room ? at + room : end;
  const char* stop = find_control(at, at, limit);
  line_size_ += static_cast<uint32_t>(stop - at);
  if (stop == end) { return stop; }
  if (*stop == '\r') {
    state_ = State::size_lf;
    return stop + 1;
  }
  fail(stop == limit ? "chunk extension too long" : "control character in a chunk extension");
  return stop;
}

bool ChunkedDecoder::take_byte(char c) {
  switch (state_) {
    case State::size_lf:
      return c == '\n' ? end_size_line() : fail("chunk size line without CRLF");
    case State::data_cr:
      state_ = State::data_lf;
      return c == '\r' || fail("chunk without CRLF");
    default:  // data_lf
      state_ = State::size;
      return c == '\n' || fail("chunk without CRLF");
  }
}

bool ChunkedDecoder::end_size_line() {
  state_ = left_ == 0 ? State::trailer : State::data;
  digits_ = 0;
  line_size_ = 0;
  return true;
}

bool ChunkedDecoder::count_trailer_byte() {
  return trailer_size_++ < trailer_limit_ || fail("trailer section too large");
}

// Byte by byte: trailers are rare and short, and their syntax is checked whether they are kept or not.
bool ChunkedDecoder::take_trailer(char c) {
  switch (state_) {
    case State::trailer:
      if (c == '\r') {
        state_ = State::end_lf;
        return true;
      }
      state_ = State::trailer_name;
      return is_token_char(c) ? keep(c) : fail("invalid trailer line");
    case State::trailer_name:
      if (c == ':') { state_ = State::trailer_value; }
      return c == ':' || is_token_char(c) ? keep(c) : fail("invalid trailer name");
    case State::trailer_value:
      if (c == '\r') {
        state_ = State::trailer_lf;
        return true;
      }
      return is_control(c) ? fail("control character in a trailer") : keep(c);
    case State::trailer_lf:
      end_trailer_line();
      return c == '\n' || fail("trailer line without CRLF");
    default:  // end_lf
      state_ = State::done;
      return c == '\n' || fail("trailer section without CRLF");
  }
}

bool ChunkedDecoder::keep(char c) {
  if (trailers_ == nullptr) { return true; }
  if (line_size_ == line_capacity_) {
    uint32_t capacity = line_capacity_ == 0 ? 128 : line_capacity_ * 2;
    char* grown = trailers_->arena().characters(capacity);
    std::copy_n(line_, line_size_, grown);
    line_ = grown;
    line_capacity_ = capacity;
  }
  line_[line_size_++] = c;
  return true;
}

void ChunkedDecoder::end_trailer_line() {
  state_ = State::trailer;
  if (trailers_ == nullptr) { return; }
  Field field;
  // Underscores are dropped as they are in heads by default; nothing else can be wrong by now.
  bool valid = split_field_line(line_, line_ + line_size_, line_ + line_size_, field) == LineFault::none;
  line_size_ = 0;
  if (valid && allowed_in_trailer(field)) {
    Arena& arena = trailers_->arena();
    trailers_->add(Field{arena.copy(field.name), arena.copy(field.value), field.id});
  }
}

bool allowed_in_trailer(const Field& field) {
  // Every field that something in the product looks at is one to be acted on before the body. ETag is made
  // for trailers (RFC 9110 8.8.3).
  if (field.id != FieldId::unknown) { return field.id == FieldId::etag; }
  // Digests of a content that was being made while it was sent are what trailers are for (RFC 9530).
  if (iequals(field.name, "Content-Digest")) { return true; }
  constexpr string_view kForbidden[] = {"access-control-", "content-",    "if-", "proxy-", "sec-",
                                        "x-accel-",        "x-forwarded-"};
  for (string_view prefix : kForbidden) {
    if (istarts_with(field.name, prefix)) { return false; }
  }
  return !iequals(field.name, "Max-Forwards") && !iequals(field.name, "Strict-Transport-Security");
}

size_t write_chunk_head(char* out, uint64_t size) {
  int digits = size == 0 ? 1 : (67 - __builtin_clzll(size)) / 4;
  for (int i = digits; i-- > 0; size >>= 4) { out[i] = "0123456789abcdef"[size & 15]; }
  out[digits] = '\r';
  out[digits + 1] = '\n';
  return static_cast<size_t>(digits) + 2;
}

}  // namespace sluice::http::h1
