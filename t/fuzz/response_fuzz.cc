// Response heads: the outcome does not depend on the cuts, and what is accepted keeps its promises.
// sources: src/http/h1/chunked.cc src/http/h1/field_line.cc src/http/h1/request_parser.cc
// sources: src/http/h1/response_parser.cc src/http/field.cc src/http/head.cc src/http/host.cc
// sources: src/base/arena.cc src/base/pool.cc src/base/text.cc
#include "../unit/http/h1/outcome.h"
#include "cuts.h"

using namespace sluice;
using namespace sluice::http;
using namespace sluice::http::h1;

namespace {

void check_text(string_view value) {
  for (char c : value) {
    auto byte = static_cast<unsigned char>(c);
    require(byte >= 0x20 ? byte != 0x7f : c == '\t', "control in accepted text");
  }
}

void check_head(const ResponseHead& head, Method method) {
  require(head.status >= 100 && head.status <= 999, "status");
  check_text(head.reason);
  size_t lengths = head.fields.count(FieldId::content_length);
  size_t codings = head.fields.count(FieldId::transfer_encoding);
  require(lengths + codings <= 1, "one framing");
  bool bodiless = method == Method::head || head.status < 200 || head.status == 204 || head.status == 304;
  require(bodiless == (head.framing == Framing::none), "bodiless");
  require(head.framing != Framing::length || lengths == 1, "length");
  require(head.framing != Framing::chunked || codings == 1, "chunked");
  require(head.framing != Framing::close || !head.keepalive, "close");
  for (const Field& field : head.fields) {
    require(is_token(field.name), "name is a token");
    require(field.id == field_id(field.name), "id");
    require(trim(field.value).size() == field.value.size(), "trimmed");
    check_text(field.value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Arrival input = arrival(data, size);
  ResponseLimits limits;
  if ((input.option & 1) != 0) { limits = {.head = 120, .fields = 5}; }
  Method method = (input.option & 2) != 0 ? Method::head : Method::get;
  std::string whole = testing::read_response(input.message, {}, method, limits);
  std::string cut = testing::read_response(input.message, input.cuts, method, limits);
  if (whole != cut) {
    fprintf(stderr, "whole: %s\ncut: %s\n", whole.c_str(), cut.c_str());
    abort();
  }
  Arena arena;
  ResponseHead head(arena);
  ResponseParser parser(head, limits, method);
  if (parser.parse(input.message.data(), input.message.size()) == ParseState::done) {
    require(parser.consumed() <= input.message.size() && parser.consumed() <= limits.head, "consumed");
    check_head(head, method);
  }
  return 0;
}
