// The HTTP/1 codecs: heads as a load generator, a browser and an origin send them, and chunked bodies.
#include <benchmark/benchmark.h>

#include <string>

#include "http/h1/chunked.h"
#include "http/h1/request_parser.h"
#include "http/h1/response_parser.h"
#include "http/host.h"

namespace sluice::http::h1 {
namespace {

const std::string kSmall = "GET /1k HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";

const std::string kSixFields =
    "GET /index.html HTTP/1.1\r\nHost: example.com\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n"
    "Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\nX-Request-Id: 8d2f0b7c\r\n\r\n";

const std::string kBrowser =
    "GET /assets/app.js?v=1234 HTTP/1.1\r\nHost: www.example.com\r\nConnection: keep-alive\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36\r\n"
    "sec-ch-ua: \"Chromium\";v=\"126\", \"Not/A)Brand\";v=\"8\"\r\nsec-ch-ua-mobile: ?0\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\nAccept: */*\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: "
    "no-cors\r\n"
    "Sec-Fetch-Dest: script\r\nReferer: https://www.example.com/a/b\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; _ga=GA1.1.1234567.7654321\r\n"
    "If-None-Match: \"5f3e-1a2b\"\r\nIf-Modified-Since: Fri, 20 Nov 2026 10:00:00 GMT\r\n\r\n";

const std::string kResponse =
    "HTTP/1.1 200 OK\r\nServer: origin/1.0\r\nDate: Fri, 20 Nov 2026 10:00:00 GMT\r\n"
    "Content-Type: text/html; charset=utf-8\r\nContent-Length: 1024\r\n"
    "Last-Modified: Fri, 20 Nov 2026 09:00:00 GMT\r\nConnection: keep-alive\r\nETag: \"5f3e-400\"\r\n"
    "Accept-Ranges: bytes\r\n\r\n";

void read_request(benchmark::State& state, const std::string& message) {
  for (auto _ : state) {
    Arena arena;
    RequestHead head(arena);
    RequestParser parser(head, {});
    if (parser.parse(message.data(), message.size()) != ParseState::done) { state.SkipWithError("refused"); }
    benchmark::DoNotOptimize(head);
  }
  state.SetBytesProcessed(static_cast<int64_t>(message.size()) * state.iterations());
}
BENCHMARK_CAPTURE(read_request, small, kSmall);
BENCHMARK_CAPTURE(read_request, six_fields, kSixFields);
BENCHMARK_CAPTURE(read_request, browser, kBrowser);

void read_response(benchmark::State& state) {
  for (auto _ : state) {
    Arena arena;
    ResponseHead head(arena);
    ResponseParser parser(head, {}, Method::get);
    if (parser.parse(kResponse.data(), kResponse.size()) != ParseState::done) {
      state.SkipWithError("refused");
    }
    benchmark::DoNotOptimize(head);
  }
  state.SetBytesProcessed(static_cast<int64_t>(kResponse.size()) * state.iterations());
}
BENCHMARK(read_response);

// A body of 64 KB in chunks of the given size.
void decode_chunks(benchmark::State& state) {
  constexpr size_t kBody = 65536;
  std::string message;
  char head[kChunkHeadRoom];
  auto chunk = static_cast<size_t>(state.range(0));
  for (size_t at = 0; at < kBody; at += chunk) {
    message.append(head, write_chunk_head(head, chunk)).append(chunk, 'x').append("\r\n");
  }
  message += "0\r\n\r\n";
  for (auto _ : state) {
    ChunkedDecoder decoder;
    const char* at = message.data();
    const char* end = at + message.size();
    auto event = ChunkedDecoder::Event::data;
    while (event == ChunkedDecoder::Event::data) {
      event = decoder.decode(at, static_cast<size_t>(end - at));
      at += decoder.consumed();
      benchmark::DoNotOptimize(decoder.data());
    }
    if (event != ChunkedDecoder::Event::end) { state.SkipWithError("refused"); }
  }
  state.SetBytesProcessed(static_cast<int64_t>(message.size()) * state.iterations());
}
BENCHMARK(decode_chunks)->Arg(16)->Arg(1024)->Arg(16384);

void known_name(benchmark::State& state) {
  string_view names[] = {"host", "Content-Length", "If-Modified-Since", "X-Unheard-Of"};
  for (auto _ : state) {
    for (string_view name : names) { benchmark::DoNotOptimize(field_id(name)); }
  }
}
BENCHMARK(known_name);

void check_host(benchmark::State& state) {
  string_view host = "www.example.com:8080";
  for (auto _ : state) {
    benchmark::DoNotOptimize(host);
    benchmark::DoNotOptimize(valid_host(host));
  }
}
BENCHMARK(check_host);

}  // namespace
}  // namespace sluice::http::h1
