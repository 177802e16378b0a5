#include "http/h1/response_parser.h"

#include <gtest/gtest.h>

#include "outcome.h"

namespace sluice::http::h1 {
namespace {

using testing::read_response;

// The outcome, after making sure that it is the same however the message arrives.
std::string outcome(const std::string& message, Method method = Method::get,
                    const ResponseLimits& limits = {}) {
  std::string whole = read_response(message, {}, method, limits);
  EXPECT_EQ(read_response(message, testing::every_byte(message.size()), method, limits), whole)
      << "byte by byte";
  for (size_t cut = 0; cut < message.size(); ++cut) {
    EXPECT_EQ(read_response(message, {cut}, method, limits), whole) << "cut at " << cut;
  }
  return whole;
}

bool has(const std::string& whole, const std::string& part) { return whole.find(part) != std::string::npos; }

std::string with(const std::string& fields, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\n" + fields + "\r\n";
}

TEST(ResponseParser, TypicalHead) {
  EXPECT_EQ(outcome(with("Server: x\r\nContent-Length: 5\r\nContent-Type: text/html\r\n") + "hello"),
            "1.1 200 (OK) framing=length length=5 keepalive size=74 "
            "Server=x|Content-Length=5|Content-Type=text/html| consumed=74");
}

TEST(ResponseParser, Incomplete) {
  EXPECT_EQ(outcome(""), "more");
  EXPECT_EQ(outcome("HTTP/1.1 200 OK\r\nA: b\r\n\r"), "more");
}

// b.1
TEST(ResponseParser, StatusLine) {
  struct Case {
    const char* line;
    const char* expected;
  };
  const Case kCases[] = {
      {"HTTP/1.1 200 OK", "1.1 200 (OK) "},
      {"HTTP/1.1 200 ", "1.1 200 () "},
      {"HTTP/1.1 200", "1.1 200 () "},
      {"HTTP/1.0 404 Not  Found\t!", "1.0 404 (Not  Found\t!) "},
      {"HTTP/1.2 200 \xc3\xa9", "1.1 200 (\xc3\xa9) "},
      {"HTTP/1.1 599 x", "1.1 599 (x) "},
      {"HTTP/1.1 999 x", "1.1 999 (x) "},
      {"", "failed: invalid status line"},
      {"hello", "failed: invalid status line"},
      {"<html>hello, this is HTTP/0.9</html>", "failed: invalid status line"},
      {"HTTP/2 200 OK", "failed: invalid status line"},
      {"HTTP/2.0 200 OK", "failed: invalid status line"},
      {"HTTP/0.9 200 OK", "failed: invalid status line"},
      {"HTTP/1. 200 OK", "failed: invalid status line"},
      {"HTTP/1.10 200 OK", "failed: invalid status line"},
      {"HTTP/11 200 OK", "failed: invalid status line"},
      {"http/1.1 200 OK", "failed: invalid status line"},
      {"ICY 200 OK and more", "failed: invalid status line"},
      {" HTTP/1.1 200 OK", "failed: invalid status line"},
      {"HTTP/1.1  200 OK", "failed: invalid status"},
      {"HTTP/1.1\t200 OK", "failed: invalid status line"},
      {"HTTP/1.1 20 OK", "failed: invalid status"},
      {"HTTP/1.1 2000 OK", "failed: invalid status"},
      {"HTTP/1.1 099 OK", "failed: invalid status"},
      {"HTTP/1.1 000 OK", "failed: invalid status"},
      {"HTTP/1.1 2x0 OK", "failed: invalid status"},
      {"HTTP/1.1 +20 OK", "failed: invalid status"},
      {"HTTP/1.1 -20 OK", "failed: invalid status"},
      {"HTTP/1.1 200OK", "failed: invalid status"},
      {"HTTP/1.1 200\tOK", "failed: invalid status"},
      {"HTTP/1.1 200 O\x01K", "failed: control"},
      {"HTTP/1.1 200 O\rK", "failed: control"},
      {"HTTP/1.1 200 O\x7fK", "failed: control"},
  };
  for (const Case& c : kCases) {
    std::string got = outcome(std::string(c.line) + "\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(got.substr(0, strlen(c.expected)), c.expected) << c.line;
  }
  EXPECT_TRUE(has(outcome(std::string("HTTP/1.1 200 O\0K\r\n\r\n", 20)), "failed: control"));
  EXPECT_TRUE(has(outcome("HTTP/1.1 200 OK\nContent-Length: 0\n\n"), "1.1 200 (OK) framing=length"));
}

TEST(ResponseParser, ControlsInValues) {
  for (int c = 0; c < 256; ++c) {
    std::string got = outcome(with(std::string("X: a") + static_cast<char>(c) + "b\r\n"));
    bool control = (c < 0x20 && c != '\t' && c != '\n') || c == 0x7f;
    std::string expected = control     ? "failed: control"
                           : c == '\n' ? "failed: header line without a colon"
                                       : "1.1 200";
    EXPECT_EQ(got.substr(0, expected.size()), expected) << c;
  }
}

// b.6
TEST(ResponseParser, FieldLines) {
  struct Case {
    const char* lines;
    const char* expected;
  };
  const Case kCases[] = {
      {"X : a\r\n", "A=1|X=a|B=2|"},
      {"X \t: a\r\n", "A=1|X=a|B=2|"},
      {"X(: a\r\n", "A=1|B=2|"},
      {"X y: a\r\n", "A=1|B=2|"},
      {"X\x80: a\r\n", "A=1|B=2|"},
      {"X_Y: a\r\n", "A=1|X_Y=a|B=2|"},
      {"X: \t a \r\n", "A=1|X=a|B=2|"},
      {"X:\r\n", "A=1|X=|B=2|"},
      {" X: a\r\n", "failed: header line begins with white space"},
      {"X: a\r\n b\r\n", "failed: header line begins with white space"},
      {"X: a\r\n\tb: c\r\n", "failed: header line begins with white space"},
      {"X\r\n", "failed: header line without a colon"},
      {": a\r\n", "failed: header line without a name"},
  };
  for (const Case& c : kCases) {
    std::string lines = "A: 1\r\n" + std::string(c.lines) + "B: 2\r\n";
    EXPECT_TRUE(has(outcome(with(lines)), c.expected)) << c.lines;
  }
}

TEST(ResponseParser, WhiteSpaceBeforeTheColonHidesNoFraming) {
  EXPECT_TRUE(has(outcome(with("Content-Length : 5\r\n")), "framing=length length=5 keepalive"));
  EXPECT_TRUE(has(outcome(with("Transfer-Encoding\t: chunked\r\n")), "framing=chunked"));
  EXPECT_TRUE(has(outcome(with("Content-Length: 5\r\nContent-Length : 6\r\n")), "failed: contradictory"));
  EXPECT_TRUE(has(outcome(with("Connection : close\r\nContent-Length: 5\r\n")), " close "));
}

// b.2
TEST(ResponseParser, Framing) {
  struct Case {
    const char* lines;
    const char* expected;
  };
  const Case kCases[] = {
      {"Content-Length: 0\r\n", "framing=length length=0 keepalive"},
      {"Content-Length: 5\r\nContent-Length: 5\r\n",
       "framing=length length=5 keepalive size=57 Content-Length=5| "},
      {"Transfer-Encoding: Chunked\r\n", "framing=chunked length=0 keepalive"},
      {"X: a\r\n", "framing=close length=0 close"},
      {"Transfer-Encoding: chunked\r\nX: a\r\nContent-Length: 5\r\n",
       "framing=chunked length=0 close size=72 Transfer-Encoding=chunked|X=a| "},
      {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
       "framing=chunked length=0 close size=66 Transfer-Encoding=chunked| "},
      {"Content-Length: 5\r\nContent-Length: 6\r\n", "failed: contradictory Content-Length"},
      {"Content-Length: 5\r\nContent-Length: x\r\n", "failed: contradictory Content-Length"},
      {"Content-Length: 5, 5\r\n", "failed: invalid Content-Length"},
      {"Content-Length: 5, 6\r\n", "failed: invalid Content-Length"},
      {"Content-Length:\r\n", "failed: invalid Content-Length"},
      {"Content-Length: -1\r\n", "failed: invalid Content-Length"},
      {"Content-Length: +1\r\n", "failed: invalid Content-Length"},
      {"Content-Length: 0x1\r\n", "failed: invalid Content-Length"},
      {"Content-Length: 1 1\r\n", "failed: invalid Content-Length"},
      {"Content-Length: 18446744073709551616\r\n", "failed: invalid Content-Length"},
      {"Transfer-Encoding: gzip, chunked\r\n", "failed: unknown Transfer-Encoding"},
      {"Transfer-Encoding: chunked, gzip\r\n", "failed: unknown Transfer-Encoding"},
      {"Transfer-Encoding: identity\r\n", "failed: unknown Transfer-Encoding"},
      {"Transfer-Encoding: xchunked\r\n", "failed: unknown Transfer-Encoding"},
      {"Transfer-Encoding:\r\n", "failed: unknown Transfer-Encoding"},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "failed: duplicate Transfer-Encoding"},
  };
  for (const Case& c : kCases) { EXPECT_TRUE(has(outcome(with(c.lines)), c.expected)) << c.lines; }
  EXPECT_TRUE(has(outcome("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                  "failed: Transfer-Encoding in HTTP/1.0"));
}

// b.4, b.5
TEST(ResponseParser, NoBody) {
  std::string length = "Content-Length: 5\r\n";
  std::string chunked = "Transfer-Encoding: chunked\r\n";
  std::string kept = "framing=none length=5 keepalive size=40 Content-Length=5| ";
  EXPECT_TRUE(has(outcome(with(length, "200 a"), Method::head), "framing=none length=5 keepalive"));
  EXPECT_TRUE(has(outcome(with(length, "200 a"), Method::head), " Content-Length=5|"));
  EXPECT_TRUE(has(outcome(with(chunked, "200 a"), Method::head), "framing=none length=0 keepalive"));
  EXPECT_TRUE(has(outcome(with("", "200 a"), Method::head), "framing=none length=0 keepalive"));
  EXPECT_TRUE(has(outcome(with(length, "304 a")), "framing=none length=5 keepalive"));
  for (const char* status : {"100 a", "103 a", "204 a", "199 a"}) {
    for (const std::string& lines : {length, chunked, std::string("X: y\r\n")}) {
      std::string got = outcome(with(lines, status));
      EXPECT_TRUE(has(got, "framing=none length=0 keepalive")) << status;
      EXPECT_FALSE(has(got, "Content-Length=") || has(got, "Transfer-Encoding=")) << status;
    }
  }
  EXPECT_TRUE(has(outcome(with("Upgrade: x\r\n", "101 a")), "framing=none length=0 close"));
  EXPECT_TRUE(has(outcome(with("", "205 a")), "framing=close"));
}

TEST(ResponseParser, BadFramingIsNoBetterWithoutABody) {
  EXPECT_TRUE(has(outcome(with("Content-Length: x\r\n"), Method::head), "failed: "));
  EXPECT_TRUE(has(outcome(with("Transfer-Encoding: gzip\r\n", "304 a")), "failed: "));
  EXPECT_TRUE(has(outcome(with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), Method::head),
                  "framing=none length=0 close"));
}

TEST(ResponseParser, Keepalive) {
  struct Case {
    const char* minor;
    const char* connection;
    bool keepalive;
  };
  const Case kCases[] = {
      {"1", "X: a", true},
      {"1", "Connection: Close", false},
      {"1", "Connection: x\r\nConnection: y, close", false},
      {"1", "Proxy-Connection: close", true},
      {"0", "X: a", false},
      {"0", "Connection: Keep-Alive", true},
      {"0", "Connection: keep-alive, close", false},
  };
  for (const Case& c : kCases) {
    std::string response =
        std::string("HTTP/1.") + c.minor + " 200 OK\r\nContent-Length: 0\r\n" + c.connection + "\r\n\r\n";
    EXPECT_TRUE(has(outcome(response), c.keepalive ? " keepalive" : " close")) << response;
  }
}

// b.7
TEST(ResponseParser, Limits) {
  ResponseLimits limits{.head = 50, .fields = 3};
  std::string start = "HTTP/1.1 200 OK\r\n";
  EXPECT_TRUE(
      has(outcome(start + "X: " + std::string(26, 'a') + "\r\n\r\n", Method::get, limits), "1.1 200"));
  EXPECT_EQ(outcome(start + "X: " + std::string(27, 'a') + "\r\n\r\n", Method::get, limits),
            "failed: upstream sent too big header");
  EXPECT_EQ(outcome(start + "X: " + std::string(31, 'a'), Method::get, limits),
            "failed: upstream sent too big header");
  EXPECT_EQ(outcome("HTTP/1.1 200 " + std::string(100, 'a'), Method::get, limits),
            "failed: upstream sent too big header");
  EXPECT_EQ(outcome(start + "A:\r\nB:\r\nC:\r\nD:\r\n\r\n", Method::get, limits),
            "failed: too many response header lines");
  EXPECT_TRUE(has(outcome(start + "A:\r\n(:\r\nC:\r\n\r\n", Method::get, limits), " A=|C=| "));
}

TEST(ResponseParser, FinalStatesStay) {
  Arena arena;
  ResponseHead head(arena);
  ResponseParser parser(head, {}, Method::get);
  std::string message = with("A: b\r\n");
  EXPECT_EQ(parser.parse(message.data(), message.size()), ParseState::done);
  EXPECT_EQ(parser.parse(message.data(), message.size()), ParseState::done);
  ResponseHead other(arena);
  ResponseParser failing(other, {}, Method::get);
  std::string bad = "HTTP/3\r\n" + message;
  EXPECT_EQ(failing.parse(bad.data(), bad.size()), ParseState::failed);
  EXPECT_EQ(failing.parse(bad.data(), bad.size()), ParseState::failed);
}

}  // namespace
}  // namespace sluice::http::h1
