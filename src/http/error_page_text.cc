#include "http/error_page_text.h"

#include <algorithm>
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

// A name made of variables may hold what a client sent.
void append_escaped(std::string& to, string_view text) {
  for (char c : text) {
    switch (c) {
      case '<':
        to += "&lt;";
        break;
      case '>':
        to += "&gt;";
        break;
      case '&':
        to += "&amp;";
        break;
      default:
        to += c;
    }
  }
}

const Page* find_page(uint16_t status) {
  const Page* found = std::find_if(std::begin(kPages), std::end(kPages),
                                   [&](const Page& page) { return page.status == status; });
  return found == std::end(kPages) ? nullptr : found;
}

std::string compose(const Page& page, string_view product) {
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
  if (!product.empty()) {
    text += "<hr><center>";
    append_escaped(text, product);
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
    case ServerTokens::build:
      return "sluice/" SLUICE_VERSION SLUICE_BUILD_SUFFIX;
    default:
      return {};
  }
}

string_view error_page(uint16_t status, ServerTokens tokens) {
  static std::string made[kPageCount][3];
  const Page* page = find_page(status);
  if (page == nullptr) { return {}; }
  std::string& text = made[page - kPages][static_cast<size_t>(tokens)];
  if (text.empty()) { text = compose(*page, server_field(tokens)); }
  return text;
}

std::string error_page(uint16_t status, string_view product) {
  const Page* page = find_page(status);
  return page == nullptr ? std::string() : compose(*page, product);
}

#define SLUICE_PADDING "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"
const string_view kPadding =
    SLUICE_PADDING SLUICE_PADDING SLUICE_PADDING SLUICE_PADDING SLUICE_PADDING SLUICE_PADDING;
#undef SLUICE_PADDING

}  // namespace sluice::http
