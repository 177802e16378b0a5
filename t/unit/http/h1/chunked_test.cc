#include "http/h1/chunked.h"

#include <gtest/gtest.h>

#include "outcome.h"

namespace sluice::http::h1 {
namespace {

using testing::Body;
using testing::read_body;

// The outcome, after making sure that it is the same however the body arrives, trailers kept or not.
Body outcome(const std::string& message, uint32_t trailer_limit = 32768) {
  Body whole = read_body(message, {}, trailer_limit);
  EXPECT_EQ(read_body(message, testing::every_byte(message.size()), trailer_limit), whole) << "byte by byte";
  for (size_t cut = 0; cut < message.size(); ++cut) {
    EXPECT_EQ(read_body(message, {cut}, trailer_limit), whole) << "cut at " << cut;
  }
  Body dropped = read_body(message, {}, trailer_limit, false);
  dropped.trailers = whole.trailers;
  EXPECT_EQ(dropped, whole) << "without trailers";
  return whole;
}

std::string ending(const std::string& message) { return outcome(message).ending; }

TEST(Chunked, TypicalBody) {
  std::string message = "5\r\nhello\r\n6;a=b\r\n, all!\r\n0\r\n\r\n";
  Body body = outcome(message + "GET /");
  EXPECT_EQ(body.ending, "end");
  EXPECT_EQ(body.data, "hello, all!");
  EXPECT_EQ(body.consumed, message.size());
}

TEST(Chunked, EmptyBody) {
  EXPECT_EQ(ending("0\r\n\r\n"), "end");
  EXPECT_EQ(ending("0000\r\n\r\n"), "end");
  EXPECT_EQ(ending("0;x=y\r\n\r\n"), "end");
}

TEST(Chunked, Incomplete) {
  for (const char* message : {"", "5", "5;", "5;a", "5\r", "5\r\n", "5\r\nhell", "5\r\nhello", "5\r\nhello\r",
                              "5\r\nhello\r\n", "0\r\n", "0\r\n\r", "0\r\nX: a\r\n", "0\r\nX: a\r\n\r"}) {
    EXPECT_EQ(ending(message), "more") << message;
  }
}

TEST(Chunked, Sizes) {
  std::string sixteen(16, 'x');
  EXPECT_EQ(outcome("10\r\n" + sixteen + "\r\n0\r\n\r\n").data, sixteen);
  EXPECT_EQ(outcome("0000000000000010\r\n" + sixteen + "\r\n0\r\n\r\n").data, sixteen);
  EXPECT_EQ(outcome("a\r\n0123456789\r\n0\r\n\r\n").data, "0123456789");
  EXPECT_EQ(outcome("A\r\n0123456789\r\n0\r\n\r\n").data, "0123456789");
  // The size of a later chunk begins anew.
  EXPECT_EQ(outcome("1\r\nx\r\n000000000000002\r\nyz\r\n0\r\n\r\n").data, "xyz");
}

TEST(Chunked, TheLargestSize) {
  ChunkedDecoder decoder;
  std::string message = "ffffffffffffffff\r\nx";
  EXPECT_EQ(decoder.decode(message.data(), message.size()), ChunkedDecoder::Event::data);
  EXPECT_EQ(decoder.data(), "x");
  EXPECT_EQ(decoder.chunk_left(), UINT64_MAX - 1);
}

// a.7
TEST(Chunked, SizesRefused) {
  for (const char* line : {"+5",  "-5",  "0x5", " 5", "\t5", "5 ",    "5\t", "5 ;a", "g",    "5g",
                           "5,5", "5 5", "x",   "",   ";a",  "\"5\"", "5.0", "5:",   "\xb5", "5\x80"}) {
    EXPECT_EQ(ending(std::string(line) + "\r\nhello\r\n0\r\n\r\n"), "failed: invalid chunk size") << line;
  }
  EXPECT_EQ(ending("10000000000000000\r\n"), "failed: chunk size too large");
  EXPECT_EQ(ending("00000000000000005\r\nhello\r\n0\r\n\r\n"), "failed: chunk size too large");
  EXPECT_EQ(ending(std::string("5\0\r\nhello\r\n", 11)), "failed: invalid chunk size");
}

// a.2, a.7
TEST(Chunked, LineEnds) {
  EXPECT_EQ(ending("5\nhello\r\n0\r\n\r\n"), "failed: invalid chunk size");
  EXPECT_EQ(ending("5\rhello\r\n0\r\n\r\n"), "failed: chunk size line without CRLF");
  EXPECT_EQ(ending("5\r\r\nhello\r\n0\r\n\r\n"), "failed: chunk size line without CRLF");
  EXPECT_EQ(ending("5;a\nhello\r\n"), "failed: control character in a chunk extension");
  EXPECT_EQ(ending("5;a\rhello\r\n"), "failed: chunk size line without CRLF");
  EXPECT_EQ(ending("5\r\nhello\n0\r\n\r\n"), "failed: chunk without CRLF");
  EXPECT_EQ(ending("5\r\nhello\r0\r\n\r\n"), "failed: chunk without CRLF");
  EXPECT_EQ(ending("5\r\nhello0\r\n\r\n"), "failed: chunk without CRLF");
  EXPECT_EQ(ending("5\r\nhelloXX0\r\n\r\n"), "failed: chunk without CRLF");
  EXPECT_EQ(ending("4\r\nhello\r\n0\r\n\r\n"), "failed: chunk without CRLF");
  EXPECT_EQ(ending("5\r\nhello\r\n\r\n0\r\n\r\n"), "failed: invalid chunk size");
  EXPECT_EQ(ending("0\r\n\n"), "failed: invalid trailer line");
  EXPECT_EQ(ending("0\r\n\rX"), "failed: trailer section without CRLF");
  EXPECT_EQ(ending("0\n\n"), "failed: invalid chunk size");
}

TEST(Chunked, Extensions) {
  for (const char* extension :
       {";", ";a", ";a=b", ";a=\"b;c\"", ";;", "; a = b", ";a\tb", ";\x80", ";a=\"\\\"\""}) {
    EXPECT_EQ(ending("5" + std::string(extension) + "\r\nhello\r\n0\r\n\r\n"), "end") << extension;
  }
  // A line end inside of quotes ends the line.
  EXPECT_EQ(outcome("5;a=\"\r\nhello\r\n0\r\n\r\n\"\r\n").data, "hello");
  for (char control : {'\0', '\x01', '\x0b', '\x1f', '\x7f'}) {
    EXPECT_EQ(ending("5;a" + std::string(1, control) + "b\r\nhello\r\n"),
              "failed: control character in a chunk extension");
  }
}

TEST(Chunked, ExtensionLimit) {
  auto message = [](size_t size) { return "1;" + std::string(size, 'a') + "\r\nx\r\n0\r\n\r\n"; };
  EXPECT_EQ(read_body(message(4096)).ending, "end");
  EXPECT_EQ(read_body(message(4097)).ending, "failed: chunk extension too long");
  EXPECT_EQ(read_body(message(4096), testing::every_byte(message(4096).size())).ending, "end");
  EXPECT_EQ(read_body(message(4097), testing::every_byte(message(4097).size())).ending,
            "failed: chunk extension too long");
  EXPECT_EQ(read_body("1;" + std::string(4097, 'a')).ending, "failed: chunk extension too long");
  // Each line has its own limit.
  std::string chunk = "1;" + std::string(3000, 'a') + "\r\nx\r\n";
  EXPECT_EQ(read_body(chunk + chunk + "0\r\n\r\n").ending, "end");
}

// a.8
TEST(Chunked, Trailers) {
  Body body = outcome("0\r\nServer-Timing: \t a \r\nX:\r\nETag: \"b\"\r\nContent-Digest: c\r\n\r\n");
  EXPECT_EQ(body.ending, "end");
  EXPECT_EQ(body.trailers, "Server-Timing=a|X=|ETag=\"b\"|Content-Digest=c|");
  EXPECT_EQ(outcome("0\r\nX: " + std::string(500, 'a') + "\r\nY: b\r\n\r\n").trailers,
            "X=" + std::string(500, 'a') + "|Y=b|");
}

TEST(Chunked, ForbiddenTrailersAreDropped) {
  for (const char* name : {"Content-Length",
                           "Transfer-Encoding",
                           "Host",
                           "Authorization",
                           "Proxy-Authorization",
                           "Cookie",
                           "Set-Cookie",
                           "Connection",
                           "Keep-Alive",
                           "Upgrade",
                           "TE",
                           "Trailer",
                           "Content-Encoding",
                           "Content-Type",
                           "Content-Range",
                           "Content-Location",
                           "Content-Security-Policy",
                           "Cache-Control",
                           "Expect",
                           "Range",
                           "If-Match",
                           "If-Anything",
                           "Max-Forwards",
                           "Location",
                           "Vary",
                           "X-Accel-Redirect",
                           "X-Accel-New",
                           "X-Forwarded-For",
                           "X-Forwarded-Host",
                           "Forwarded",
                           "X-Real-IP",
                           "Via",
                           "X_Y",
                           "Proxy-Status",
                           "content-LENGTH",
                           "WWW-Authenticate",
                           "Age",
                           "Date",
                           "Expires",
                           "Warning"}) {
    Body body = outcome("0\r\nA: 1\r\n" + std::string(name) + ": x\r\nB: 2\r\n\r\n");
    EXPECT_EQ(body.ending, "end") << name;
    EXPECT_EQ(body.trailers, "A=1|B=2|") << name;
  }
}

TEST(Chunked, TrailersRefused) {
  struct Case {
    const char* lines;
    const char* expected;
  };
  const Case kCases[] = {
      {" X: a\r\n", "failed: invalid trailer line"},
      {"X: a\r\n b\r\n", "failed: invalid trailer line"},
      {": a\r\n", "failed: invalid trailer line"},
      {"X\r\n", "failed: invalid trailer name"},
      {"X : a\r\n", "failed: invalid trailer name"},
      {"X(: a\r\n", "failed: invalid trailer name"},
      {"GET / HTTP/1.1\r\n", "failed: invalid trailer name"},
      {"X: a\n", "failed: control character in a trailer"},
      {"X: a\rb\r\n", "failed: trailer line without CRLF"},
      {"X: \x01\r\n", "failed: control character in a trailer"},
      {"\n", "failed: invalid trailer line"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(ending("0\r\n" + std::string(c.lines) + "\r\n"), c.expected) << c.lines;
  }
  EXPECT_EQ(ending(std::string("0\r\nX: \0\r\n\r\n", 11)), "failed: control character in a trailer");
}

TEST(Chunked, TrailerLimit) {
  EXPECT_EQ(outcome("0\r\nX: 456\r\n\r\n", 10).ending, "end");
  EXPECT_EQ(outcome("0\r\nX: 4567\r\n\r\n", 10).ending, "failed: trailer section too large");
  EXPECT_EQ(outcome("0\r\nX: " + std::string(100, 'a'), 10).ending, "failed: trailer section too large");
}

TEST(Chunked, SlicesAreOfTheInput) {
  ChunkedDecoder decoder;
  std::string message = "5\r\nhello\r\n0\r\n\r\n";
  EXPECT_EQ(decoder.decode(message.data(), message.size()), ChunkedDecoder::Event::data);
  EXPECT_EQ(decoder.data().data(), message.data() + 3);
  EXPECT_EQ(decoder.consumed(), 8u);
  EXPECT_EQ(decoder.decode(message.data() + 8, message.size() - 8), ChunkedDecoder::Event::end);
  EXPECT_EQ(decoder.consumed(), 7u);
  EXPECT_EQ(decoder.decode(message.data(), message.size()), ChunkedDecoder::Event::end);
  EXPECT_EQ(decoder.consumed(), 0u);
}

TEST(Chunked, LeftOfAChunk) {
  ChunkedDecoder decoder;
  EXPECT_EQ(decoder.decode("64\r\nabc", 7), ChunkedDecoder::Event::data);
  EXPECT_EQ(decoder.chunk_left(), 97u);
}

TEST(Chunked, Heads) {
  struct Case {
    uint64_t size;
    const char* expected;
  };
  const Case kCases[] = {{0, "0"},
                         {1, "1"},
                         {15, "f"},
                         {16, "10"},
                         {255, "ff"},
                         {256, "100"},
                         {4096, "1000"},
                         {65535, "ffff"},
                         {uint64_t{1} << 60, "1000000000000000"},
                         {65536, "10000"},
                         {UINT64_MAX, "ffffffffffffffff"}};
  for (const Case& c : kCases) {
    char out[kChunkHeadRoom];
    size_t size = write_chunk_head(out, c.size);
    EXPECT_EQ(std::string(out, size), std::string(c.expected) + "\r\n");
  }
}

}  // namespace
}  // namespace sluice::http::h1
