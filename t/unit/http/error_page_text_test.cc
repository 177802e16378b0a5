#include "http/error_page_text.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::http {
namespace {

bool holds(string_view text, string_view part) { return text.find(part) != string_view::npos; }

TEST(ErrorPage, the_whole_text) {
  EXPECT_EQ(error_page(404, "Acme & <sons>"),
            "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not "
            "Found</h1></center>\r\n<hr><center>Acme &amp; &lt;sons&gt;</center>\r\n</body>\r\n</html>\r\n");
  EXPECT_EQ(error_page(404, ServerTokens::off),
            "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not "
            "Found</h1></center>\r\n</body>\r\n</html>\r\n");
  EXPECT_EQ(error_page(404, ""), error_page(404, ServerTokens::off));
  EXPECT_TRUE(holds(error_page(502, ServerTokens::on), "<hr><center>sluice/"));
  EXPECT_EQ(error_page(404, ServerTokens::off).data(), error_page(404, ServerTokens::off).data());
}

TEST(ErrorPage, codes_of_our_own_go_out_as_400) {
  string_view page = error_page(497, ServerTokens::off);
  EXPECT_TRUE(holds(page, "<title>400 The plain HTTP request was sent to HTTPS port</title>"));
  EXPECT_TRUE(holds(page,
                    "<h1>400 Bad Request</h1></center>\r\n<center>The plain HTTP request was sent to "
                    "HTTPS port</center>\r\n</body>"));
  EXPECT_FALSE(holds(error_page(494, ServerTokens::off), "494"));
  EXPECT_EQ(status_on_wire(494), 400);
  EXPECT_EQ(status_on_wire(497), 400);
  EXPECT_EQ(status_on_wire(499), 499);
  EXPECT_EQ(status_on_wire(404), 404);
}

TEST(ErrorPage, none_for_what_has_no_body) {
  for (uint16_t status : {200, 204, 304, 306, 444, 499, 599}) {
    EXPECT_EQ(error_page(status, ServerTokens::on), "") << status;
  }
}

TEST(ErrorPage, server_field) {
  EXPECT_EQ(server_field(ServerTokens::off), "");
  EXPECT_TRUE(server_field(ServerTokens::on).starts_with("sluice/"));
  EXPECT_TRUE(server_field(ServerTokens::build).starts_with(server_field(ServerTokens::on)));
}

}  // namespace
}  // namespace sluice::http
