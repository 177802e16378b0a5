#include "conf/print.h"

#include <gtest/gtest.h>

#include "conf/directive.h"
#include "conf/nginx_names.h"
#include "conf/variable.h"
#include "parse_helper.h"

namespace sluice::conf::test {
namespace {

struct Printed {
  bool flag = false;
};
const Module<Printed> printed("test_printed",
                              {{"test_printed_flag", kHttp | kServer, &Printed::flag, "on | off",
                                ".Starts with a dot and has a \\ in it.", "off"}});
const VariableRow rows[] = {
    {Realm::http, "test_printed_", [](Evaluation&, const Variable&) { return Value(); }, "Shown.", true}};
const Variables registered(rows);

TEST(Dump, ShowsEveryFileButTheCommandLine) {
  Tree tree;
  Diagnostics diagnostics;
  parse_text(tree, "/etc/sluice.conf", "a;\n", {}, diagnostics);
  parse_text(tree, "command line", "b;", {}, diagnostics);
  parse_text(tree, "/etc/other", "c;", {}, diagnostics);
  EXPECT_EQ(dump(tree),
            "# configuration file /etc/sluice.conf:\na;\n\n# configuration file /etc/other:\nc;\n");
}

TEST(Manual, HasEveryFactOfADirective) {
  std::string plain = manual_plain();
  EXPECT_NE(plain.find("test_printed_flag\n"
                       "    syntax:  test_printed_flag on | off;\n"
                       "    default: test_printed_flag off;\n"
                       "    context: http, server\n"
                       "    module:  test_printed\n"
                       "    .Starts with a dot and has a \\ in it.\n"),
            std::string::npos);
  EXPECT_NE(plain.find("$test_printed_name\n    Shown.\n"), std::string::npos);
}

TEST(Manual, EscapesForMdoc) {
  std::string mdoc = manual_mdoc();
  EXPECT_TRUE(mdoc.starts_with(".Dd "));
  EXPECT_NE(mdoc.find(".It Ic test_printed_flag\nSyntax: \\fBtest_printed_flag on | off;\\fR\n"),
            std::string::npos);
  EXPECT_NE(mdoc.find("\n\\&.Starts with a dot and has a \\e in it.\n"), std::string::npos);
}

TEST(NginxNames, AreKnown) {
  for (const char* name :
       {"proxy_pass", "fastcgi_param", "uwsgi_pass", "scgi_pass", "grpc_set_header", "mail", "ssi",
        "image_filter", "perl", "memcached_pass", "xslt_stylesheet", "mp4", "flv", "dav_methods",
        "geoip_country", "ssl_preread", "smtp_auth", "worker_processes", "proxy_cache_path"}) {
    EXPECT_TRUE(is_nginx_directive(name)) << name;
  }
  for (const char* name : {"", "proxy_pas", " ", "lua_code_cache"}) {
    EXPECT_FALSE(is_nginx_directive(name)) << name;
  }
}

}  // namespace
}  // namespace sluice::conf::test
