// Request heads: the outcome does not depend on the cuts, and what is accepted keeps its promises.
// sources: src/http/h1/chunked.cc src/http/h1/field_line.cc src/http/h1/request_parser.cc
// sources: src/http/h1/response_parser.cc src/http/field.cc src/http/head.cc src/http/host.cc
// sources: src/base/arena.cc src/base/pool.cc src/base/text.cc
#include "../unit/http/h1/outcome.h"
#include "cuts.h"
#include "http/host.h"

using namespace sluice;
using namespace sluice::http;
using namespace sluice::http::h1;

namespace {

void check_text(string_view value, bool blanks) {
  for (char c : value) {
    auto byte = static_cast<unsigned char>(c);
    require(byte >= 0x20 ? byte != 0x7f : blanks && c == '\t', "control in accepted text");
    require(blanks || c != ' ', "blank in accepted text");
  }
}

void check_head(const RequestHead& head) {
  require(is_token(head.method_text), "method is a token");
  check_text(head.target, false);
  require(!head.path.empty() && (head.path[0] == '/' || head.path == "*"), "path");
  require(head.authority.empty() || valid_host(head.authority), "authority");
  size_t hosts = head.fields.count(FieldId::host);
  require(hosts == 1 || (hosts == 0 && head.minor == 0), "one Host");
  size_t lengths = head.fields.count(FieldId::content_length);
  size_t codings = head.fields.count(FieldId::transfer_encoding);
  require(lengths + codings <= 1, "one framing");
  require((lengths == 1) == (head.framing == Framing::length), "length");
  require((codings == 1) == (head.framing == Framing::chunked), "chunked");
  for (const Field& field : head.fields) {
    require(is_token(field.name), "name is a token");
    require(field.id == field_id(field.name), "id");
    require(field.name.find('_') == string_view::npos, "underscore");
    require(trim(field.value).size() == field.value.size(), "trimmed");
    check_text(field.value, true);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Arrival input = arrival(data, size);
  RequestLimits limits;
  if ((input.option & 1) != 0) { limits = {.line = 40, .field = 30, .head = 120, .fields = 5}; }
  limits.ignore_invalid = (input.option & 2) == 0;
  std::string whole = testing::read_request(input.message, {}, limits);
  std::string cut = testing::read_request(input.message, input.cuts, limits);
  if (whole != cut) {
    fprintf(stderr, "whole: %s\ncut: %s\n", whole.c_str(), cut.c_str());
    abort();
  }
  Arena arena;
  RequestHead head(arena);
  limits.ignore_invalid = true;
  RequestParser parser(head, limits);
  if (parser.parse(input.message.data(), input.message.size()) == ParseState::done) {
    require(parser.consumed() <= input.message.size() && parser.consumed() <= limits.head, "consumed");
    check_head(head);
  }
  return 0;
}
