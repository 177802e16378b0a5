// The build, with two small modules of the test's own: names start with test_ so that they meet no real ones.
#include "conf/build.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "parse_helper.h"

namespace sluice::conf::test {
namespace {

struct Inherited {
  bool flag = false;
  Size size{7};
  Milliseconds time{100};
  Seconds seconds{5};
  uint32_t number = 3;
  std::string text = "default";
  std::vector<std::string> list;
};
struct OwnOnly {
  std::string handler;
};

// What each block saw once it was built, by the argument of the block.
struct Seen {
  Settings settings;
};

void build_block(Build& build, Scope& scope, const Node& node, const Row& row) {
  Context context = row.name == "test_http" ? kHttp : row.name == "test_server" ? kServer : kLocation;
  Scope inner(build, context, &scope);
  build.children(inner, node);
  if (node.argument_count() > 0) {
    build.shared<Seen>("seen", node.argument(0))->settings = inner.settings();
  }
}

void add_to_list(Build&, Scope& scope, const Node& node, const Row& row) {
  auto& list = scope.own<Inherited>().list;
  if (scope.first_in_block(row)) { list.clear(); }
  list.push_back(node.argument(0));
}

void put_off(Build& build, Scope&, const Node& node, const Row&) {
  build.later([&build, &node] {
    build.shared<std::string>("order", "all")->append(node.argument(0));
    build.later(
        [&build, &node] { build.shared<std::string>("order", "all")->append("+" + node.argument(0)); });
  });
}

using Inh = Module<Inherited>::RowSpec;
using Own = Module<OwnOnly>::RowSpec;

const Module<Inherited> inherited(
    "test_inherited",
    {
        {"test_flag", kMain | kHttpServerLocation, &Inherited::flag, "on | off", "A flag."},
        {"test_size", kHttpServerLocation, &Inherited::size, "size", "A size.", "7"},
        {"test_time", kHttpServerLocation, &Inherited::time, "time", "A time."},
        {"test_seconds", kHttpServerLocation, &Inherited::seconds, "time", "A time in seconds."},
        {"test_number", kHttpServerLocation, &Inherited::number, "number", "A number."},
        {"test_text", kHttpServerLocation, &Inherited::text, "text", "A text."},
        Inh{"test_list", kHttpServerLocation, arguments(1, 2), add_to_list, "text [text]", "A list."}
            .repeating(),
        Inh{"test_later", kMain | kHttp, arguments(1), put_off, "text", "Later."}.repeating(),
        Inh{"test_http", kMain, arguments(0, 1), build_block, "[name]", "A block."}.structural(),
        Inh{"test_server", kHttp, arguments(0, 1), build_block, "[name]", "A block."}.structural(),
        Inh{"test_location", kServer | kLocation, arguments(0, 1), build_block, "[name]", "A block."}
            .structural(),
        Inh{"test_map", kHttp, arguments(0), [](Build&, Scope&, const Node&, const Row&) {}, "",
            "Own content."}
            .block(),
    });
const Module<OwnOnly> own_only("test_own_only",
                               {{"test_handler", kServer | kLocation, &OwnOnly::handler, "name", "Handler."}},
                               Inherit::no);

struct Built {
  explicit Built(std::string text) : parsed(std::move(text)) {
    Build build(config, parsed.diagnostics);
    build.run(parsed.tree);
  }
  const Settings& at(const std::string& block) {
    return static_cast<Seen*>(config.named.at("seen" + std::string(1, '\0') + block))->settings;
  }
  const Inherited& in(const std::string& block) { return at(block).get<Inherited>(); }
  std::string messages() const { return parsed.messages(); }
  Parsed parsed;
  Config config;
};

TEST(Build, DefaultsAreTheInitialisers) {
  Built built("test_http a { }");
  EXPECT_EQ(built.messages(), "");
  EXPECT_EQ(built.in("a").text, "default");
  EXPECT_EQ(built.in("a").size.bytes, 7u);
  EXPECT_EQ(built.config.main.get<Inherited>().number, 3u);
}

TEST(Build, TypedMembersAreSet) {
  Built built(
      "test_http a { test_flag on; test_size 8k; test_time 2s; test_seconds 1h; test_number 12; test_text 'x "
      "y'; }");
  EXPECT_EQ(built.messages(), "");
  const Inherited& a = built.in("a");
  EXPECT_TRUE(a.flag);
  EXPECT_EQ(a.size.bytes, 8192u);
  EXPECT_EQ(a.time.count, 2000u);
  EXPECT_EQ(a.seconds.count, 3600u);
  EXPECT_EQ(a.number, 12u);
  EXPECT_EQ(a.text, "x y");
}

TEST(Build, InheritsWhateverTheOrder) {
  Built built(
      "test_http { test_server s { test_location l { test_text own; } test_number 9; } test_size 1; }");
  EXPECT_EQ(built.messages(), "");
  EXPECT_EQ(built.in("l").number, 9u);
  EXPECT_EQ(built.in("l").size.bytes, 1u);
  EXPECT_EQ(built.in("l").text, "own");
  EXPECT_EQ(built.in("s").text, "default");
}

TEST(Build, ABlockThatSetsNothingSharesItsParents) {
  Built built(
      "test_http h { test_size 1; test_server s { test_location l { } test_location m { test_size 2; } } }");
  size_t slot = Module<Inherited>::slot();
  EXPECT_EQ(built.at("s").raw(slot), built.at("h").raw(slot));
  EXPECT_EQ(built.at("l").raw(slot), built.at("h").raw(slot));
  EXPECT_NE(built.at("m").raw(slot), built.at("h").raw(slot));
  EXPECT_EQ(built.in("l").size.bytes, 1u);
  EXPECT_EQ(built.in("m").size.bytes, 2u);
}

TEST(Build, SiblingsDoNotSeeEachOther) {
  Built built(
      "test_http { test_server a { test_size 1; } test_server b { } test_server c { test_flag on; } }");
  EXPECT_EQ(built.in("b").size.bytes, 7u);
  EXPECT_EQ(built.in("c").size.bytes, 7u);
  EXPECT_FALSE(built.in("b").flag);
}

TEST(Build, SettingsOfOneBlockDoNotReachItsChildren) {
  Built built(
      "test_http { test_server s { test_handler h; test_number 4; test_location l { test_location k { } } "
      "test_location m { test_handler n; } } }");
  EXPECT_EQ(built.messages(), "");
  EXPECT_EQ(built.at("s").get<OwnOnly>().handler, "h");
  EXPECT_EQ(built.at("l").get<OwnOnly>().handler, "");
  EXPECT_EQ(built.at("k").get<OwnOnly>().handler, "");
  EXPECT_EQ(built.at("m").get<OwnOnly>().handler, "n");
  EXPECT_EQ(built.in("m").number, 4u);
}

TEST(Build, AListReplacesTheInheritedOne) {
  Built built("test_http h { test_list a; test_list b; test_server s { test_list c; } test_server t { } }");
  EXPECT_EQ(built.in("h").list, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(built.in("s").list, (std::vector<std::string>{"c"}));
  EXPECT_EQ(built.in("t").list, (std::vector<std::string>{"a", "b"}));
}

// A parent that is changed after a child was made must not change the child.
TEST(Build, AParentsLateChangeStaysItsOwn) {
  Parsed parsed("");
  Config config;
  Build build(config, parsed.diagnostics);
  Scope main(build, kMain, nullptr);
  Scope child(build, kHttp, &main);
  Settings before = child.settings();
  main.own<Inherited>().number = 99;
  EXPECT_EQ(child.get<Inherited>().number, 3u);
  EXPECT_EQ(before.get<Inherited>().number, 3u);
  EXPECT_EQ(main.get<Inherited>().number, 99u);
  Scope second(build, kHttp, &main);
  EXPECT_EQ(second.get<Inherited>().number, 99u);
  main.own<OwnOnly>().handler = "x";
  EXPECT_EQ(second.get<OwnOnly>().handler, "");
}

TEST(Build, MainSettingsLandInTheConfig) {
  Built built("test_flag on;");
  EXPECT_TRUE(built.config.main.get<Inherited>().flag);
}

TEST(Build, RunsLaterWorkInOrderToTheEnd) {
  Built built("test_later a; test_http { test_later b; }");
  EXPECT_EQ(*static_cast<std::string*>(built.config.named.at("order" + std::string(1, '\0') + "all")),
            "ab+a+b");
}

TEST(Build, SharedObjectsAreMadeOnce) {
  Parsed parsed("");
  Config config;
  Build build(config, parsed.diagnostics);
  EXPECT_EQ(build.find<std::string>("kind", "a"), nullptr);
  std::string* made = build.shared<std::string>("kind", "a");
  EXPECT_EQ(build.shared<std::string>("kind", "a"), made);
  EXPECT_EQ(build.find<std::string>("kind", "a"), made);
  EXPECT_NE(build.shared<std::string>("kind", "b"), made);
}

struct Case {
  const char* text;
  const char* messages;
};
class BuildMistakes : public testing::TestWithParam<Case> {};

TEST_P(BuildMistakes, AreExplained) { EXPECT_EQ(Built(GetParam().text).messages(), GetParam().messages); }

INSTANTIATE_TEST_SUITE_P(
    Build, BuildMistakes,
    testing::Values(
        Case{"test_flg on;", "1:1 unknown directive \"test_flg\" (did you mean \"test_flag\"?)"},
        Case{"qqqqqqqqqqqq on;", "1:1 unknown directive \"qqqqqqqqqqqq\""},
        Case{"qqqqqqqqqqqq { test_flg on; }", "1:1 unknown directive \"qqqqqqqqqqqq\""},
        Case{"fastcgi_pass x;", "1:1 directive \"fastcgi_pass\" is not supported"},
        Case{"test_size 1;",
             "1:1 \"test_size\" directive is not allowed here (allowed in: http, server, location)"},
        Case{"test_http { test_http { } }",
             "1:13 \"test_http\" directive is not allowed here (allowed in: main)"},
        Case{"test_flag;",
             "1:1 invalid number of arguments in \"test_flag\" directive (syntax: test_flag on | off;)"},
        Case{"test_flag on off;",
             "1:1 invalid number of arguments in \"test_flag\" directive (syntax: test_flag on | off;)"},
        Case{"test_flag on\ntest_http { }",
             "1:1 invalid number of arguments in \"test_flag\" directive (is a \";\" missing after \"on\"?)"},
        Case{"test_flag on { }",
             "1:1 directive \"test_flag\" is not terminated by \";\" (syntax: test_flag on | off;)"},
        Case{"test_http;",
             "1:1 directive \"test_http\" has no opening \"{\" (syntax: test_http [name] { … })"},
        Case{"test_flag on; test_flag off;", "1:15 \"test_flag\" directive is duplicate"},
        Case{"test_flag yes;",
             "1:11 invalid value \"yes\" in \"test_flag\" directive, it must be \"on\" or \"off\" (syntax: "
             "test_flag on | "
             "off;)"},
        Case{"test_http { test_size 1kb; }",
             "1:23 invalid value \"1kb\" in \"test_size\" directive, it must be a size such as 512, 8k or 1m "
             "(syntax: "
             "test_size size;)"},
        Case{"test_http { test_time soon; }",
             "1:23 invalid value \"soon\" in \"test_time\" directive, it must be a time such as 500ms, 30s "
             "or 1h "
             "(syntax: test_time time;)"},
        Case{"test_http { test_number 5000000000; }",
             "1:25 invalid value \"5000000000\" in \"test_number\" directive, it must be a number (syntax: "
             "test_number "
             "number;)"},
        // The braces do not match: complaints about the place would be noise.
        Case{"test_http { test_server { test_http { } }",
             "1:42 unexpected end of file, expecting \"}\" (\"test_http\" of line 1 is not closed)"},
        // All in one run.
        Case{"test_flg on; test_flag maybe; test_size 1;",
             "1:1 unknown directive \"test_flg\" (did you mean \"test_flag\"?)\n"
             "1:24 invalid value \"maybe\" in \"test_flag\" directive, it must be \"on\" or \"off\" (syntax: "
             "test_flag "
             "on | off;)\n"
             "1:31 \"test_size\" directive is not allowed here (allowed in: http, server, location)"}));

TEST(Build, DoubtsAnArgumentInTheColumnOfDirectives) {
  Built built("test_http {\n  test_list a\n  test_flag;\n  test_text\n    test_flag;\n}");
  EXPECT_EQ(built.messages(),
            "3:3 \"test_flag\" is taken as an argument of \"test_list\" (is a \";\" missing after \"a\"?)");
  EXPECT_FALSE(built.parsed.diagnostics.failed());
}

TEST(Directive, NamesContexts) {
  EXPECT_EQ(context_names(kHttpServerLocation), "http, server, location");
  EXPECT_EQ(context_names(kMain | kLocationIf | kStreamServer), "main, if in location, stream server");
  EXPECT_EQ(context_names(0), "");
}

TEST(Paths, AreRelativeToTheConfigurationOrThePrefix) {
  Paths paths{"/opt/sluice/", "/etc/sluice/sluice.conf", "/etc/sluice/"};
  EXPECT_EQ(paths.from_conf("mime.types"), "/etc/sluice/mime.types");
  EXPECT_EQ(paths.from_conf("/x"), "/x");
  EXPECT_EQ(paths.from_prefix("logs/error.log"), "/opt/sluice/logs/error.log");
  EXPECT_EQ(paths.from_prefix("/x"), "/x");
}

// 60,000 directives. Some 20 ms where it was written; the bound is for sanitizers and busy machines.
TEST(Build, TenThousandServersAreQuick) {
  std::string text = "test_http {\n";
  for (int i = 0; i < 10000; ++i) {
    text += "  test_server {\n    test_list 127.0.0.1:8080;\n    test_text host" + std::to_string(i) +
            ".example.com;\n    test_location / {\n      test_handler http://127.0.0.1:9000;\n    }\n  }\n";
  }
  text += "}\n";
  uint64_t start = clock::precise_microseconds();
  Built built(std::move(text));
  uint64_t took = clock::precise_microseconds() - start;
  EXPECT_EQ(built.messages(), "");
  EXPECT_LT(took, 2000000u);
  RecordProperty("microseconds", static_cast<int>(took));
}

}  // namespace
}  // namespace sluice::conf::test
