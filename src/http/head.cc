#include "http/head.h"

#include <array>
#include <cstring>

namespace sluice::http {

namespace {
constexpr string_view kMethods[] = {"",        "GET",   "HEAD",  "POST",    "PUT",      "DELETE",
                                    "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND", "PROPPATCH",
                                    "MKCOL",   "COPY",  "MOVE",  "LOCK",    "UNLOCK"};

struct Reason {
  uint16_t status;
  string_view phrase;
};

// As nginx words them where it has a wording.
constexpr Reason kReasons[] = {{100, "Continue"},
                               {101, "Switching Protocols"},
                               {102, "Processing"},
                               {103, "Early Hints"},
                               {200, "OK"},
                               {201, "Created"},
                               {202, "Accepted"},
                               {203, "Non-Authoritative Information"},
                               {204, "No Content"},
                               {205, "Reset Content"},
                               {206, "Partial Content"},
                               {207, "Multi-Status"},
                               {300, "Multiple Choices"},
                               {301, "Moved Permanently"},
                               {302, "Moved Temporarily"},
                               {303, "See Other"},
                               {304, "Not Modified"},
                               {305, "Use Proxy"},
                               {307, "Temporary Redirect"},
                               {308, "Permanent Redirect"},
                               {400, "Bad Request"},
                               {401, "Unauthorized"},
                               {402, "Payment Required"},
                               {403, "Forbidden"},
                               {404, "Not Found"},
                               {405, "Not Allowed"},
                               {406, "Not Acceptable"},
                               {407, "Proxy Authentication Required"},
                               {408, "Request Time-out"},
                               {409, "Conflict"},
                               {410, "Gone"},
                               {411, "Length Required"},
                               {412, "Precondition Failed"},
                               {413, "Request Entity Too Large"},
                               {414, "Request-URI Too Large"},
                               {415, "Unsupported Media Type"},
                               {416, "Requested Range Not Satisfiable"},
                               {417, "Expectation Failed"},
                               {421, "Misdirected Request"},
                               {422, "Unprocessable Content"},
                               {423, "Locked"},
                               {424, "Failed Dependency"},
                               {425, "Too Early"},
                               {426, "Upgrade Required"},
                               {428, "Precondition Required"},
                               {429, "Too Many Requests"},
                               {431, "Request Header Fields Too Large"},
                               {451, "Unavailable For Legal Reasons"},
                               {500, "Internal Server Error"},
                               {501, "Not Implemented"},
                               {502, "Bad Gateway"},
                               {503, "Service Temporarily Unavailable"},
                               {504, "Gateway Time-out"},
                               {505, "HTTP Version Not Supported"},
                               {507, "Insufficient Storage"},
                               {508, "Loop Detected"},
                               {511, "Network Authentication Required"}};

constexpr uint16_t kFirstStatus = 100;
constexpr uint16_t kLastStatus = 599;
constexpr auto make_reason_index() {
  std::array<uint8_t, kLastStatus - kFirstStatus + 1> index{};
  for (size_t row = 0; row < std::size(kReasons); ++row) {
    index[kReasons[row].status - kFirstStatus] = static_cast<uint8_t>(row + 1);
  }
  return index;
}
constexpr auto kReasonIndex = make_reason_index();

}  // namespace

Method parse_method(string_view token) {
  for (size_t i = 1; i < std::size(kMethods); ++i) {
    if (kMethods[i] == token) { return static_cast<Method>(i); }
  }
  return Method::unknown;
}

string_view method_name(Method method) { return kMethods[static_cast<size_t>(method)]; }

bool is_safe(Method method) {
  switch (method) {
    case Method::get:
    case Method::head:
    case Method::options:
    case Method::trace:
    case Method::propfind:
      return true;
    default:
      return false;
  }
}

bool is_idempotent(Method method) {
  return is_safe(method) || method == Method::put || method == Method::delete_;
}

string_view reason_phrase(uint16_t status) {
  if (status < kFirstStatus || status > kLastStatus) { return {}; }
  uint8_t row = kReasonIndex[status - kFirstStatus];
  return row == 0 ? string_view() : kReasons[row - 1].phrase;
}

}  // namespace sluice::http
