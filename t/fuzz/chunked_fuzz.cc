// Chunked bodies: the outcome does not depend on the cuts nor on whether trailers are kept, data are slices
// of the input, and what comes out of the encoder goes in again.
// sources: src/http/h1/chunked.cc src/http/h1/field_line.cc src/http/h1/request_parser.cc
// sources: src/http/h1/response_parser.cc src/http/field.cc src/http/head.cc src/http/host.cc
// sources: src/base/arena.cc src/base/pool.cc src/base/text.cc
#include "../unit/http/h1/outcome.h"
#include "cuts.h"

using namespace sluice;
using namespace sluice::http;
using namespace sluice::http::h1;

namespace {

void check_slices(std::string_view message) {
  ChunkedDecoder decoder;
  const char* at = message.data();
  const char* end = at + message.size();
  auto event = ChunkedDecoder::Event::data;
  while (event == ChunkedDecoder::Event::data) {
    event = decoder.decode(at, static_cast<size_t>(end - at));
    require(decoder.consumed() <= static_cast<size_t>(end - at), "consumed");
    at += decoder.consumed();
    if (event == ChunkedDecoder::Event::data) {
      require(!decoder.data().empty() && decoder.data().data() + decoder.data().size() == at, "slice");
    }
  }
  require(event != ChunkedDecoder::Event::more || at == end, "all consumed");
}

// Chunks of `step` bytes.
void check_round_trip(std::string_view content, size_t step) {
  std::string encoded;
  char head[kChunkHeadRoom];
  for (size_t at = 0; at < content.size(); at += step) {
    std::string_view chunk = content.substr(at, step);
    encoded.append(head, write_chunk_head(head, chunk.size()));
    encoded.append(chunk).append("\r\n");
  }
  encoded += "0\r\n\r\n";
  testing::Body body = testing::read_body(encoded);
  require(body.ending == "end" && body.data == content && body.consumed == encoded.size(), "round trip");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Arrival input = arrival(data, size);
  uint32_t limit = (input.option & 1) != 0 ? 30 : 32768;
  testing::Body whole = testing::read_body(input.message, {}, limit);
  testing::Body cut = testing::read_body(input.message, input.cuts, limit);
  require(whole == cut, "same outcome however it is cut");
  testing::Body dropped = testing::read_body(input.message, input.cuts, limit, false);
  require(dropped.ending == whole.ending && dropped.consumed == whole.consumed, "trailers change nothing");
  check_slices(input.message);
  check_round_trip(input.message, 1 + input.option / 4);
  return 0;
}
