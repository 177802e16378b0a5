#include "http/error_page_text.h"

#include <string>

#include "config.h"

namespace sluice::http {

namespace {

struct Page {
  uint16_t status;
  string_view title;      // of the document, and its heading
  string_view more = {};  // below the heading; the document is then titled "400 " and this
};

// Titles as nginx's, which differ from the reason phrases of RFC 9110 in places: tools look for them.
constexpr Page kPages[] = {
    {300, "300 Multiple Choices"},
    {301, "301 Moved Permanently"},
    {302, "302 Found"},
    {303, "303 See Other"},
    {305, "305 Use Proxy"},
    {307, "307 Temporary Redirect"},
    {308, "308 Permanent Redirect"},
    {400, "400 Bad Request"},
    {401, "401 Authorization Required"},
    {402, "402 Payment Required"},
    {403, "403 Forbidden"},
    {404, "404 Not Found"},
    {405, "405 Not Allowed"},
    {406, "406 Not Acceptable"},
    {407, "407 Proxy Authentication Required"},
    {408, "408 Request Time-out"},
    {409, "409 Conflict"},
    {410, "410 Gone"},
    {411, "411 Length Required"},
    {412, "412 Precondition Failed"},
    {413, "413 Request Entity Too Large"},
    {414, "414 Request-URI Too Large"},
    {415, "415 Unsupported Media Type"},
    {416, "416 Requested Range Not Satisfiable"},
    {417, "417 Expectation Failed"},
    {421, "421 Misdirected Request"},
    {422, "422 Unprocessable Content"},
    {423, "423 Locked"},
    {424, "424 Failed Dependency"},
    {425, "425 Too Early"},
    {426, "426 Upgrade Required"},
    {428, "428 Precondition Required"},
    {429, "429 Too Many Requests"},
    {431, "431 Request Header Fields Too Large"},
    {494, "400 Bad Request", "Request Header Or Cookie Too Large"},
    {495, "400 Bad Request", "The SSL certificate error"},
    {496, "400 Bad Request", "No required SSL certificate was sent"},
    {497, "400 Bad Request", "The plain HTTP request was sent to HTTPS port"},
    {500, "500 Internal Server Error"},
    {501, "501 Not Implemented"},
    {502, "502 Bad Gateway"},
    {503, "503 Service Temporarily Unavailable"},
    {504, "504 Gateway Time-out"},
    {505, "505 HTTP Version Not Supported"},
    {506, "506 Variant Also Negotiates"},
    {507, "507 Insufficient Storage"},
};
constexpr size_t kPageCount = std::size(kPages);

std::string compose(const Page& page, ServerTokens tokens) {
  std::string text = "<html>\r\n<head><title>";
  text += page.more.empty() ? page.title : "400 ";
  text += page.more;
  text += "</title></head>\r\n<body>\r\n<center><h1>";
  text += page.title;
  text += "</h1></center>\r\n";
  if (!page.more.empty()) {
    text += "<center>";
    text += page.more;
    text += "</center>\r\n";
  }
  if (tokens != ServerTokens::hidden) {
    text += "<hr><center>";
    text += server_field(tokens);
    text += "</center>\r\n";
  }
  text += "</body>\r\n</html>\r\n";
  return text;
}

}  // namespace

string_view server_field(ServerTokens tokens) {
  switch (tokens) {
    case ServerTokens::on:
      return "sluice/" SLUICE_VERSION;
    case ServerTokens::off:
      return "sluice";
    default:
      return {};
  }
}

string_view error_page(uint16_t status, ServerTokens tokens) {
  static std::string made[kPageCount][3];
  for (size_t i = 0; i < kPageCount; ++i) {
    if (kPages[i].status != status) { continue; }
    std::string& text = made[i][static_cast<size_t>(tokens)];
    if (text.empty()) { text = compose(kPages[i], tokens); }
    return text;
  }
  return {};
}

}  // namespace sluice::http
