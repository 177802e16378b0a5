#include "http/h1/request_parser.h"

#include <gtest/gtest.h>

#include "outcome.h"

namespace sluice::http::h1 {
namespace {

using testing::read_request;

// The outcome, after making sure that it is the same however the message arrives.
std::string outcome(const std::string& message, const RequestLimits& limits = {}) {
  std::string whole = read_request(message, {}, limits);
  EXPECT_EQ(read_request(message, testing::every_byte(message.size()), limits), whole) << "byte by byte";
  for (size_t cut = 0; cut < message.size(); ++cut) {
    EXPECT_EQ(read_request(message, {cut}, limits), whole) << "cut at " << cut;
  }
  return whole;
}

// Whether `part` is in `whole`.
bool has(const std::string& whole, const std::string& part) { return whole.find(part) != std::string::npos; }

// A request with these field lines, written with their ends, behind Host.
std::string with(const std::string& fields) { return "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"; }
std::string with_host(const std::string& host) { return "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n"; }
std::string with_target(const std::string& method, const std::string& target) {
  return method + " " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

TEST(RequestParser, TypicalHead) {
  EXPECT_EQ(outcome("GET /a?b=c HTTP/1.1\r\nHost: example.com\r\nUser-Agent: x/1\r\nAccept: */*\r\n\r\nrest"),
            "GET /a?b=c 1.1 scheme= authority= path=/a?b=c framing=none length=0 keepalive size=72 "
            "line=GET /a?b=c HTTP/1.1 Host=example.com|User-Agent=x/1|Accept=*/*| consumed=72");
}

TEST(RequestParser, Incomplete) {
  EXPECT_EQ(outcome(""), "more");
  EXPECT_EQ(outcome("GET / HTT"), "more");
  EXPECT_EQ(outcome("GET / HTTP/1.1\r"), "more");
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHost: a\r\n"), "more");
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nHost: a\r\n\r"), "more");
}

// a.2
TEST(RequestParser, LineEnds) {
  EXPECT_TRUE(has(outcome("GET / HTTP/1.1\nHost: a\nX: y\n\nrest"), "Host=a|X=y| consumed=29"));
  EXPECT_TRUE(has(outcome("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\n"), "Host=a|X=y|"));
  for (std::string bad :
       {std::string("GET / HTTP/1.1\rHost: a\r\n\r\n"), std::string("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"),
        std::string("GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"), with("X: a\rb\r\n"), with("X: a\r\r\n"),
        with("X\r: a\r\n"), with("\rX: a\r\n"), with("X: a\r\n\rY"), with(std::string("X: a\0b\r\n", 8)),
        with(std::string("X\0: ab\r\n", 8)), std::string("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 29)}) {
    EXPECT_EQ(outcome(bad).substr(0, 22), "400 control character ") << bad;
  }
}

TEST(RequestParser, ControlsInValues) {
  for (int c = 0; c < 256; ++c) {
    std::string request = with(std::string("X: a") + static_cast<char>(c) + "b\r\n");
    bool control = (c < 0x20 && c != '\t' && c != '\n') || c == 0x7f;
    // A bare LF makes "b" a line of its own, which has no colon.
    std::string expected = control ? "400 control" : c == '\n' ? "400 header line without a colon" : "GET";
    EXPECT_EQ(outcome(request).substr(0, expected.size()), expected) << c;
  }
}

TEST(RequestParser, EmptyLinesBeforeTheRequest) {
  std::string request = with("");
  EXPECT_TRUE(has(outcome("\r\n" + request), "size=27 "));
  EXPECT_TRUE(has(outcome("\r\n" + request), "consumed=29"));
  EXPECT_TRUE(has(outcome("\n\r\n\n\r\n" + request), "consumed=33"));
  EXPECT_TRUE(has(outcome("\n\n\n\n\n" + request), "400 too many empty lines"));
  EXPECT_TRUE(has(outcome(" \r\n" + request), "400 invalid method"));
}

// a.11
TEST(RequestParser, RequestLine) {
  struct Case {
    const char* line;
    const char* expected;
  };
  const Case kCases[] = {
      {"GET  / HTTP/1.1", "400 request without a target"},
      {"GET /  HTTP/1.1", "400 invalid version"},
      {"GET / HTTP/1.1 ", "400 invalid version"},
      {" GET / HTTP/1.1", "400 invalid method"},
      {"GET / a HTTP/1.1", "400 invalid version"},
      {"GET /\tHTTP/1.1", "400 invalid character in the target"},
      {"GET\t/ HTTP/1.1", "400 invalid method"},
      {"GET", "400 invalid method"},
      {"GET ", "400 request without a target"},
      {"GET /", "400 request without a version"},
      {"GET / ", "400 invalid version"},
      {"/ HTTP/1.1", "400 invalid method"},
      {"G(T / HTTP/1.1", "400 invalid method"},
      {"GET: / HTTP/1.1", "400 invalid method"},
      {"G\xc3T / HTTP/1.1", "400 invalid method"},
      {"GET / HTTP/1.10", "400 invalid version"},
      {"GET / HTTP/1", "400 invalid version"},
      {"GET / HTTP/1.", "400 invalid version"},
      {"GET / HTTP/ 1.1", "400 invalid version"},
      {"GET / HTTP/x.1", "400 invalid version"},
      {"GET / HTTP/1.x", "400 invalid version"},
      {"GET / HTTP/1,1", "400 invalid version"},
      {"GET / http/1.1", "400 invalid version"},
      {"GET / ICAP/1.0", "400 invalid version"},
      {"GET / HTTP/0.9", "505 unsupported version"},
      {"GET / HTTP/2.0", "505 unsupported version"},
      {"PRI * HTTP/2.0", "505 unsupported version"},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1 2", "400 invalid version"},
      {"GET /#a HTTP/1.1", "400 invalid character in the target"},
      {"GET /a#HTTP/1.1 HTTP/1.1", "400 invalid character in the target"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(outcome(std::string(c.line) + "\r\nHost: a\r\n\r\n"), std::string(c.expected) + " in " + c.line)
        << c.line;
  }
}

TEST(RequestParser, BytesInTheTarget) {
  for (int c = 1; c < 256; ++c) {
    std::string got = outcome(with_target("GET", std::string("/a") + static_cast<char>(c) + "b"));
    bool refused = c <= 0x20 || c == 0x7f || c == '#';
    EXPECT_EQ(got.substr(0, 3), refused ? "400" : "GET") << c;
  }
}

TEST(RequestParser, Versions) {
  EXPECT_TRUE(has(outcome("GET / HTTP/1.0\r\n\r\n"), "GET / 1.0 "));
  EXPECT_TRUE(has(outcome("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "GET / 1.1 "));
  EXPECT_TRUE(has(outcome("GET / HTTP/1.7\r\nHost: a\r\n\r\n"), "GET / 1.1 "));
}

TEST(RequestParser, AnyTokenIsAMethod) {
  for (const char* method : {"get", "PROPFIND", "M-SEARCH", "!#$%&'*+-.^_`|~09AZaz", "PURGE"}) {
    EXPECT_TRUE(has(outcome(with_target(method, "/")), std::string(method) + " / 1.1")) << method;
  }
}

TEST(RequestParser, TargetForms) {
  struct Case {
    const char* method;
    const char* target;
    const char* expected;
  };
  const Case kCases[] = {
      {"GET", "/", "scheme= authority= path=/ "},
      {"GET", "//a/b?c", "scheme= authority= path=//a/b?c "},
      {"GET", "http://a.b:80/c?d", "scheme=http authority=a.b:80 path=/c?d "},
      {"GET", "HTTP://A", "scheme=HTTP authority=A path=/ "},
      {"GET", "https://[::1]:8443?x", "scheme=https authority=[::1]:8443 path=/?x "},
      {"OPTIONS", "*", "scheme= authority= path=* "},
      {"OPTIONS", "/", "path=/ "},
      {"CONNECT", "a.b:443", "authority=a.b:443 path=/ "},
      {"GET", "http://u@a/", "400 invalid host in the target"},
      {"GET", "http://u:p@a/", "400 invalid host in the target"},
      {"GET", "http:///a", "400 invalid host in the target"},
      {"GET", "http://?a", "400 invalid host in the target"},
      {"GET", "http://a:b:1/", "400 invalid host in the target"},
      {"GET", "http:/a", "400 target in none of the four forms"},
      {"GET", "http:a", "400 target in none of the four forms"},
      {"GET", "1http://a/", "400 target in none of the four forms"},
      {"GET", "://a/", "400 target in none of the four forms"},
      {"GET", "ht_p://a/", "400 target in none of the four forms"},
      {"GET", "*", "400 target in none of the four forms"},
      {"GET", "a.b:80", "400 target in none of the four forms"},
      {"GET", "index.html", "400 target in none of the four forms"},
      {"GET", "?a", "400 target in none of the four forms"},
      {"OPTIONS", "*/", "400 target in none of the four forms"},
      {"CONNECT", "/", "400 target of CONNECT is not host:port"},
      {"CONNECT", "a.b", "400 target of CONNECT is not host:port"},
      {"CONNECT", "a.b:", "400 target of CONNECT is not host:port"},
      {"CONNECT", "http://a:80/", "400 target of CONNECT is not host:port"},
      {"CONNECT", "*", "400 target of CONNECT is not host:port"},
  };
  for (const Case& c : kCases) {
    EXPECT_TRUE(has(outcome(with_target(c.method, c.target)), c.expected)) << c.target;
  }
}

// a.2, a.3
TEST(RequestParser, FieldLinesRefused) {
  struct Case {
    const char* lines;
    const char* expected;
  };
  const Case kCases[] = {
      {" X: a\r\n", "400 header line begins with white space"},
      {"X: a\r\n b\r\n", "400 header line begins with white space"},
      {"X: a\r\n\tb: c\r\n", "400 header line begins with white space"},
      {"X: a\r\n \r\n", "400 header line begins with white space"},
      {" Content-Length: 1\r\n", "400 header line begins with white space"},
      {"X : a\r\n", "400 white space before the colon"},
      {"X\t: a\r\n", "400 white space before the colon"},
      {"Content-Length : 5\r\n", "400 white space before the colon"},
      {"Transfer-Encoding : chunked\r\n", "400 white space before the colon"},
      {": a\r\n", "400 header line without a name"},
      {":\r\n", "400 header line without a name"},
      {"X\r\n", "400 header line without a colon"},
      {"X a\r\n", "400 header line without a colon"},
  };
  for (const Case& c : kCases) { EXPECT_TRUE(has(outcome(with(c.lines)), c.expected)) << c.lines; }
  EXPECT_TRUE(has(outcome("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), "400 header line begins with white space"));
}

TEST(RequestParser, InvalidNamesAreDropped) {
  RequestLimits strict;
  strict.ignore_invalid = false;
  for (const char* line : {"X(Y: a", "a b: c", "X\"Y: a", "X\x80: a", "Content-Length\xa0: 5", "[]: a",
                           "X/Y: a", "X@: a", "X,Y: a", "Transfer-Encoding;: chunked"}) {
    std::string request = with("A: 1\r\n" + std::string(line) + "\r\nB: 2\r\n");
    EXPECT_TRUE(has(outcome(request), "framing=none")) << line;
    EXPECT_TRUE(has(outcome(request), " Host=a|A=1|B=2| ")) << line;
    EXPECT_TRUE(has(outcome(request, strict), "400 invalid character in a header name")) << line;
  }
}

TEST(RequestParser, Underscores) {
  std::string request = with("X_Y: a\r\nContent_Length: 5\r\n_: b\r\n");
  EXPECT_TRUE(has(outcome(request), " Host=a| "));
  RequestLimits limits;
  limits.underscores = true;
  EXPECT_TRUE(has(outcome(request, limits), "framing=none"));
  EXPECT_TRUE(has(outcome(request, limits), " Host=a|X_Y=a|Content_Length=5|_=b| "));
  // Such names are invalid to underscores_in_headers only, and a token to everyone.
  limits = {.ignore_invalid = false};
  EXPECT_TRUE(has(outcome(request, limits), " Host=a|X_Y=a|Content_Length=5|_=b| "));
}

// a.17
TEST(RequestParser, EveryTokenCharacterInNames) {
  EXPECT_TRUE(has(outcome(with("!#$%&'*+-.^`|~09AZaz: a\r\n")), "|!#$%&'*+-.^`|~09AZaz=a|"));
}

// a.4
TEST(RequestParser, WhiteSpaceAroundValues) {
  EXPECT_TRUE(
      has(outcome(with("X:a\r\nY: \t b \t \r\nZ:\r\nW: \t\r\nV: c  d\r\n")), "|X=a|Y=b|Z=|W=|V=c  d|"));
  EXPECT_TRUE(has(outcome(with("Content-Length:\t 5\t \r\n")), "framing=length length=5"));
  EXPECT_TRUE(has(outcome(with("Transfer-Encoding: \tchunked \t\r\n")), "framing=chunked"));
}

TEST(RequestParser, ColonsInValues) { EXPECT_TRUE(has(outcome(with("X:: a:b\r\n")), "|X=: a:b|")); }

// a.5
TEST(RequestParser, ContentLength) {
  for (const char* value : {"+5", "-5", "0x5", "5 5", "5,5", "5, 5", "5,6", "", "5a", "a", "5.0", "\"5\"",
                            "5;", "18446744073709551616", "99999999999999999999999", "1e3", "0 x", "\xb2"}) {
    EXPECT_TRUE(
        has(outcome(with("Content-Length: " + std::string(value) + "\r\n")), "400 invalid Content-Length"))
        << value;
  }
  EXPECT_TRUE(has(outcome(with("Content-Length: 0\r\n")), "framing=length length=0 "));
  EXPECT_TRUE(has(outcome(with("Content-Length: 007\r\n")), "framing=length length=7 "));
  EXPECT_TRUE(has(outcome(with("content-LENGTH: 18446744073709551615\r\n")), "length=18446744073709551615 "));
}

TEST(RequestParser, SeveralContentLengths) {
  EXPECT_TRUE(has(outcome(with("Content-Length: 5\r\nX: y\r\nContent-Length: 5\r\n")),
                  "length=5 keepalive size=71 line=GET / HTTP/1.1 Host=a|Content-Length=5|X=y| "));
  for (const char* second : {"6", "05", "", "5,5", "+5"}) {
    EXPECT_TRUE(
        has(outcome(with("Content-Length: 5\r\nContent-Length: " + std::string(second) + "\r\n")), "400 "))
        << second;
  }
}

// a.6
TEST(RequestParser, TransferEncoding) {
  EXPECT_TRUE(has(outcome(with("Transfer-Encoding: chunked\r\n")), "framing=chunked length=0 keepalive"));
  EXPECT_TRUE(has(outcome(with("TRANSFER-encoding: ChUnKeD\r\n")), "framing=chunked"));
  for (const char* value : {"gzip, chunked", "gzip", "identity", "xchunked", "chunkedx",
                            "deflate,gzip,chunked", "chunk", "chunked1"}) {
    EXPECT_TRUE(has(outcome(with("Transfer-Encoding: " + std::string(value) + "\r\n")),
                    "501 unknown Transfer-Encoding"))
        << value;
  }
  for (const char* value :
       {"", "chunked, gzip", "chunked, chunked", "chunked,", ",chunked", "gzip,,chunked", "\"chunked\"",
        "chunked;q=1", "chunked chunked", "'chunked' x", "chun\tked", "chunked\x80",
        "\x0b"
        "chunked",
        "chunked, identity"}) {
    EXPECT_TRUE(has(outcome(with("Transfer-Encoding: " + std::string(value) + "\r\n")), "400 ")) << value;
  }
}

TEST(RequestParser, ContradictoryFraming) {
  EXPECT_TRUE(has(outcome(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
                  "400 duplicate Transfer-Encoding"));
  EXPECT_TRUE(has(outcome(with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")),
                  "400 Content-Length with Transfer-Encoding"));
  EXPECT_TRUE(has(outcome(with("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n")),
                  "400 Content-Length with Transfer-Encoding"));
  EXPECT_TRUE(has(outcome("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
                  "400 Transfer-Encoding in HTTP/1.0"));
}

// a.12
TEST(RequestParser, Host) {
  EXPECT_TRUE(has(outcome("GET / HTTP/1.1\r\n\r\n"), "400 request without Host"));
  EXPECT_TRUE(has(outcome("GET http://a/ HTTP/1.1\r\n\r\n"), "400 request without Host"));
  EXPECT_TRUE(has(outcome("GET / HTTP/1.0\r\n\r\n"), "GET / 1.0 "));
  EXPECT_TRUE(has(outcome(with("Host: a\r\n")), "400 duplicate Host"));
  EXPECT_TRUE(has(outcome(with("hOST: b\r\n")), "400 duplicate Host"));
  EXPECT_TRUE(has(outcome("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), "400 duplicate Host"));
  for (const char* host :
       {"", "a b", "a/b", "u@a", "a?b", "a#b", "\"a\"", "a:1:2", "[::1", "a\xc3\xa9", "a,b"}) {
    EXPECT_TRUE(has(outcome(with_host(host)), "400 invalid Host")) << host;
  }
  EXPECT_TRUE(has(outcome(with_host("a.b:8080")), "Host=a.b:8080|"));
}

TEST(RequestParser, Keepalive) {
  struct Case {
    const char* minor;
    const char* connection;
    bool keepalive;
  };
  const Case kCases[] = {
      {"1", "X: a", true},
      {"1", "Connection: close", false},
      {"1", "Connection: CLOSE", false},
      {"1", "Connection: te, Close ,x", false},
      {"1", "Connection: x\r\nConnection: close", false},
      {"1", "Connection: keep-alive, close", false},
      {"1", "Connection: closed", true},
      {"1", "Connection:", true},
      {"0", "X: a", false},
      {"0", "Connection: keep-alive", true},
      {"0", "Connection: Keep-Alive", true},
      {"0", "Connection: x,, KEEP-ALIVE", true},
      {"0", "Connection: keep-alive\r\nConnection: close", false},
      {"0", "Connection: keepalive", false},
  };
  for (const Case& c : kCases) {
    std::string request =
        std::string("GET / HTTP/1.") + c.minor + "\r\nHost: a\r\n" + c.connection + "\r\n\r\n";
    EXPECT_TRUE(has(outcome(request), c.keepalive ? " keepalive" : " close")) << request;
  }
}

TEST(RequestParser, Expect) {
  EXPECT_TRUE(has(outcome(with("Expect: 100-Continue\r\n")), " continue"));
  EXPECT_TRUE(has(outcome(with("Expect: 200-ok\r\n")), "417 unknown expectation"));
  EXPECT_TRUE(has(outcome(with("Expect:\r\n")), "417 unknown expectation"));
  EXPECT_TRUE(has(outcome(with("Expect: 100-continue, x\r\n")), "417 unknown expectation"));
  std::string old = outcome("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_TRUE(has(old, "POST / 1.0"));
  EXPECT_FALSE(has(old, " continue"));
}

// c.1
TEST(RequestParser, Limits) {
  RequestLimits limits{.line = 20, .field = 12, .head = 60, .fields = 3};
  std::string fits = "GET /234567 HTTP/1.1\r\nHost: a\r\n";
  EXPECT_TRUE(has(outcome(fits + "\r\n", limits), "GET /234567 "));
  EXPECT_EQ(outcome("GET /2345678 HTTP/1.1\r\nHost: a\r\n\r\n", limits), "414 request line too long");
  EXPECT_EQ(outcome("GET /23456789012345678901234", limits), "414 request line too long");
  EXPECT_TRUE(has(outcome(fits + "X: 456789012\r\n\r\n", limits), "|X=456789012|"));
  EXPECT_TRUE(has(outcome(fits + "X: 4567890123\r\n\r\n", limits), "494 request header or cookie too large"));
  EXPECT_TRUE(has(outcome(fits + "X: 4567890123", limits), "494 request header or cookie too large"));
  EXPECT_TRUE(has(outcome(fits + "A:\r\nB:\r\n\r\n", limits), "|A=|B=|"));
  EXPECT_TRUE(has(outcome(fits + "A:\r\nB:\r\nC:\r\n\r\n", limits), "400 too many header lines"));
  EXPECT_TRUE(has(outcome(fits + "A_:\r\n(:\r\nC:\r\n\r\n", limits), "400 too many header lines"));
  EXPECT_TRUE(has(outcome(fits + "A: 456789012\r\nB: 45678901\r\n\r\n", limits), "|B=45678901|"));
  EXPECT_TRUE(
      has(outcome(fits + "A: 456789012\r\nB: 456789012\r\n\r\n", limits), "494 request header too large"));
  EXPECT_EQ(outcome("\n\n\n\n" + std::string(200, 'A'), {.line = 500, .head = 100}),
            "494 request header too large");
}

TEST(RequestParser, LimitsActOnTheByteThatPassesThem) {
  RequestLimits limits{.line = 100, .field = 50, .head = 1000, .fields = 5};
  EXPECT_EQ(read_request(std::string(100, 'A'), {}, limits), "more");
  EXPECT_EQ(read_request(std::string(101, 'A'), {}, limits), "414 request line too long");
  EXPECT_EQ(read_request(with("").substr(0, 25) + std::string(50, 'A'), {}, limits), "more");
  EXPECT_EQ(read_request(with("").substr(0, 25) + std::string(51, 'A'), {}, limits).substr(0, 3), "494");
}

TEST(RequestParser, FinalStatesStay) {
  Arena arena;
  RequestHead head(arena);
  RequestParser parser(head, {});
  std::string message = with("") + with("");
  EXPECT_EQ(parser.parse(message.data(), message.size()), ParseState::done);
  EXPECT_EQ(parser.parse(message.data(), message.size()), ParseState::done);
  EXPECT_EQ(parser.consumed(), message.size() / 2);
  RequestHead other(arena);
  RequestParser failing(other, {});
  std::string bad = "GET\r\n\r\n" + with("");
  EXPECT_EQ(failing.parse(bad.data(), bad.size()), ParseState::failed);
  EXPECT_EQ(failing.parse(bad.data(), bad.size()), ParseState::failed);
  EXPECT_EQ(failing.status(), 400);
}

}  // namespace
}  // namespace sluice::http::h1
