#include "http/server_names.h"

#include <gtest/gtest.h>

#include <memory>

namespace sluice::http {
namespace {

struct Site {
  std::string name;
};
using Names = ServerNames<Site>;
using Added = Names::Added;

std::string find(const Names& names, string_view host) {
  Arena arena;
  std::vector<string_view> captures;
  auto found = names.find(host, arena, captures);
  return found.server == nullptr ? "default" : found.server->name;
}

std::unique_ptr<conf::Regex> regex(string_view pattern) {
  std::string error;
  return conf::Regex::compile(pattern, false, error);
}

TEST(BareHost, port_and_final_dot_go) {
  EXPECT_EQ(bare_host("example.com:80"), "example.com");
  EXPECT_EQ(bare_host("example.com."), "example.com");
  EXPECT_EQ(bare_host("example.com.:80"), "example.com");
  EXPECT_EQ(bare_host("[::1]:80"), "[::1]");
  EXPECT_EQ(bare_host("[::1]"), "[::1]");
  EXPECT_EQ(bare_host(""), "");
}

TEST(ServerNames, order_of_precedence) {
  Site exact{"exact"}, lead{"lead"}, longer{"longer"}, tail{"tail"}, tail2{"tail2"}, first{"first"},
      second{"second"};
  auto one = regex("^api\\d+\\.");
  auto two = regex("^api");
  Names names;
  EXPECT_EQ(names.add("www.example.com", &exact), Added::yes);
  EXPECT_EQ(names.add("*.example.com", &lead), Added::yes);
  EXPECT_EQ(names.add("*.sub.example.com", &longer), Added::yes);
  EXPECT_EQ(names.add("www.*", &tail), Added::yes);
  EXPECT_EQ(names.add("www.example.*", &tail2), Added::yes);
  names.add(one.get(), &first);
  names.add(two.get(), &second);
  names.finish();
  EXPECT_EQ(find(names, "www.example.com"), "exact");
  EXPECT_EQ(find(names, "WWW.Example.COM.:8080"), "exact");
  EXPECT_EQ(find(names, "a.example.com"), "lead");
  EXPECT_EQ(find(names, "a.b.example.com"), "lead");
  EXPECT_EQ(find(names, "a.sub.example.com"), "longer");
  EXPECT_EQ(find(names, "sub.example.com"), "lead");
  EXPECT_EQ(find(names, "example.com"), "default");
  EXPECT_EQ(find(names, ".example.com"), "default");
  EXPECT_EQ(find(names, "www.example.co.uk"), "tail2");
  EXPECT_EQ(find(names, "www.other.org"), "tail");
  EXPECT_EQ(find(names, "www"), "default");
  EXPECT_EQ(find(names, "www."), "default");
  EXPECT_EQ(find(names, "api1.org"), "first");
  EXPECT_EQ(find(names, "API.org"), "second");
  EXPECT_EQ(find(names, "zexample.com"), "default");
}

TEST(ServerNames, leading_dot_means_the_name_and_what_is_below) {
  Site site{"site"}, other{"other"};
  Names names;
  EXPECT_EQ(names.add(".Example.com", &site), Added::yes);
  EXPECT_EQ(names.add("example.com", &other), Added::conflict);
  EXPECT_EQ(names.add("*.example.com", &other), Added::conflict);
  EXPECT_EQ(find(names, "example.com"), "site");
  EXPECT_EQ(find(names, "a.b.example.com"), "site");
}

TEST(ServerNames, the_empty_name_is_for_requests_without_host) {
  Site none{"none"};
  Names names;
  EXPECT_EQ(find(names, ""), "default");
  names.add("", &none);
  EXPECT_EQ(find(names, ""), "none");
  EXPECT_EQ(find(names, "a"), "default");
}

TEST(ServerNames, what_is_no_name) {
  Site site{"site"};
  Names names;
  std::string giant(256, 'a');
  for (string_view name : {string_view("www.*.example.org"), string_view("w*.example.org"), string_view("*"),
                           string_view("*."), string_view(".*"), string_view("*.a.*"), string_view("."),
                           string_view("*a.com"), string_view(giant)}) {
    EXPECT_EQ(names.add(name, &site), Added::invalid) << name;
  }
  EXPECT_EQ(names.add("_", &site), Added::yes);
}

TEST(ServerNames, captures_outlive_the_lookup) {
  Site site{"site"};
  auto user = regex("^([a-z]+)\\.users\\.");
  Names names;
  names.add(user.get(), &site);
  Arena arena;
  std::vector<string_view> captures;
  auto found = names.find("BOB.users.example.com:80", arena, captures);
  EXPECT_EQ(found.server, &site);
  EXPECT_EQ(found.regex, user.get());
  ASSERT_EQ(captures.size(), 2u);
  EXPECT_EQ(captures[1], "bob");
}

TEST(ServerNames, long_hosts_are_harmless) {
  Site site{"site"};
  Names names;
  names.add("*.a", &site);
  std::string host;
  for (int i = 0; i < 5000; ++i) { host += "a."; }
  EXPECT_EQ(find(names, host), "default");
  EXPECT_EQ(find(names, host.substr(0, 255)), "site");
}

TEST(ServerNames, ten_thousand_cost_little) {
  Site site{"site"};
  Names names;
  for (int i = 0; i < 10000; ++i) {
    ASSERT_EQ(names.add("host" + std::to_string(i) + ".example.com", &site), Added::yes);
  }
  names.finish();
  EXPECT_EQ(find(names, "host9999.example.com"), "site");
  EXPECT_EQ(find(names, "host10000.example.com"), "default");
  RecordProperty("bytes_per_name", static_cast<int>(names.footprint() / 10000));
  EXPECT_LT(names.footprint() / 10000, 64u);
}

}  // namespace
}  // namespace sluice::http
