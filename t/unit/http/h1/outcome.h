// Runs a codec over a message that arrives in pieces and tells the outcome as text, so that tests can compare
// ways of cutting, and a failure can be read. Each piece lands in a block of exactly its size, at a new
// address: reading past it, or a view left behind, is for the sanitizer to see.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "http/h1/chunked.h"
#include "http/h1/request_parser.h"
#include "http/h1/response_parser.h"

namespace sluice::http::h1::testing {

using Cuts = std::vector<size_t>;  // rising sizes of what is there; the whole message comes last by itself

inline std::string text(std::string_view view) { return std::string(view); }

inline std::string describe(const Fields& fields) {
  std::string out;
  for (const Field& field : fields) { out += text(field.name) + "=" + text(field.value) + "|"; }
  return out;
}

inline const char* name_of(Framing framing) {
  constexpr const char* kNames[] = {"none", "length", "chunked", "close", "stream"};
  return kNames[static_cast<size_t>(framing)];
}

inline std::string describe(const RequestHead& head) {
  std::string out = text(head.method_text) + " " + text(head.target) + " 1." + std::to_string(head.minor);
  out += " scheme=" + text(head.scheme) + " authority=" + text(head.authority) + " path=" + text(head.path);
  out += std::string(" framing=") + name_of(head.framing) + " length=" + std::to_string(head.content_length);
  out += std::string(head.keepalive ? " keepalive" : " close") + (head.expect_continue ? " continue" : "");
  return out + " size=" + std::to_string(head.size) + " line=" + text(head.line) + " " +
         describe(head.fields);
}

inline std::string describe(const ResponseHead& head) {
  std::string out = "1." + std::to_string(head.minor) + " " + std::to_string(head.status) + " (" +
                    text(head.reason) + ") framing=" + name_of(head.framing);
  out += " length=" + std::to_string(head.content_length) + (head.keepalive ? " keepalive" : " close");
  return out + " size=" + std::to_string(head.size) + " " + describe(head.fields);
}

// Feeds `message` to `parser` piece by piece.
template <class Parser>
ParseState feed(Parser& parser, std::string_view message, Cuts cuts, std::unique_ptr<char[]>& buffer) {
  cuts.push_back(message.size());
  ParseState state = ParseState::more;
  for (size_t size : cuts) {
    std::unique_ptr<char[]> next(new char[size]);
    if (size > 0) { memcpy(next.get(), message.data(), size); }
    if (buffer != nullptr) { parser.moved(buffer.get(), next.get()); }
    buffer = std::move(next);
    state = parser.parse(buffer.get(), size);
    if (state != ParseState::more) { break; }
  }
  return state;
}

inline std::string read_request(std::string_view message, const Cuts& cuts = {},
                                const RequestLimits& limits = {}) {
  Arena arena;
  RequestHead head(arena);
  RequestParser parser(head, limits);
  std::unique_ptr<char[]> buffer;
  switch (feed(parser, message, cuts, buffer)) {
    case ParseState::more:
      return "more";
    case ParseState::failed:
      return std::to_string(parser.status()) + " " + parser.reason() +
             (parser.have_line() ? " in " + text(head.line) : "");
    case ParseState::done:
      break;
  }
  return describe(head) + " consumed=" + std::to_string(parser.consumed());
}

inline std::string read_response(std::string_view message, const Cuts& cuts = {}, Method method = Method::get,
                                 const ResponseLimits& limits = {}) {
  Arena arena;
  ResponseHead head(arena);
  ResponseParser parser(head, limits, method);
  std::unique_ptr<char[]> buffer;
  switch (feed(parser, message, cuts, buffer)) {
    case ParseState::more:
      return "more";
    case ParseState::failed:
      return std::string("failed: ") + parser.reason();
    case ParseState::done:
      break;
  }
  return describe(head) + " consumed=" + std::to_string(parser.consumed());
}

// What came out of a chunked body: "end", "more" or "failed: why", the data, trailers, and where it stopped.
struct Body {
  std::string ending;
  std::string data;
  std::string trailers;
  size_t consumed = 0;
  bool operator==(const Body&) const = default;
};

inline Body read_body(std::string_view message, Cuts cuts = {}, uint32_t trailer_limit = 32768,
                      bool keep_trailers = true) {
  Arena arena;
  Fields trailers(arena);
  ChunkedDecoder decoder(keep_trailers ? &trailers : nullptr, trailer_limit);
  Body body;
  body.ending = "more";
  cuts.push_back(message.size());
  size_t begin = 0;
  for (size_t cut : cuts) {
    std::vector<char> piece(message.begin() + static_cast<ptrdiff_t>(begin),
                            message.begin() + static_cast<ptrdiff_t>(cut));
    begin = cut;
    size_t at = 0;
    auto event = ChunkedDecoder::Event::data;
    while (event == ChunkedDecoder::Event::data) {
      event = decoder.decode(piece.data() + at, piece.size() - at);
      at += decoder.consumed();
      if (event == ChunkedDecoder::Event::data) { body.data += decoder.data(); }
    }
    body.consumed += at;
    if (event != ChunkedDecoder::Event::more) {
      body.ending = event == ChunkedDecoder::Event::end ? "end" : text("failed: ") + decoder.reason();
      break;
    }
  }
  body.trailers = describe(trailers);
  return body;
}

// Every size from 0 on: byte by byte.
inline Cuts every_byte(size_t size) {
  Cuts cuts;
  for (size_t i = 0; i < size; ++i) { cuts.push_back(i); }
  return cuts;
}

}  // namespace sluice::http::h1::testing
