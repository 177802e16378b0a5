#include "cli/options.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "config.h"

namespace sluice::cli {
namespace {

struct Parsed {
  explicit Parsed(std::vector<const char*> words) : argv(std::move(words)) {
    argv.insert(argv.begin(), "sluice");
    good = parse_options(static_cast<int>(argv.size()), argv.data(), options, error);
    if (good) { invocation = invocation_of(options, static_cast<int>(argv.size()), argv.data()); }
  }
  std::vector<const char*> argv;
  Options options;
  std::string error;
  os::Invocation invocation;
  bool good = false;
};

TEST(Options, NothingMeansToServeWithWhatWasCompiledIn) {
  Parsed parsed({});
  ASSERT_TRUE(parsed.good);
  EXPECT_FALSE(parsed.options.test || parsed.options.version || parsed.options.quiet);
  EXPECT_EQ(parsed.invocation.paths.prefix, SLUICE_PREFIX);
  EXPECT_TRUE(parsed.invocation.paths.conf_path.starts_with("/"));
}

TEST(Options, FlagsAloneAndInOneWord) {
  EXPECT_TRUE(Parsed({"-h"}).options.help);
  EXPECT_TRUE(Parsed({"-?"}).options.help);
  EXPECT_TRUE(Parsed({"-v"}).options.version);
  EXPECT_TRUE(Parsed({"-V"}).options.configuration);
  Parsed parsed({"-qTc", "a.conf", "-gpid x;"});
  ASSERT_TRUE(parsed.good) << parsed.error;
  EXPECT_TRUE(parsed.options.quiet && parsed.options.dump && parsed.options.test);
  EXPECT_EQ(parsed.options.conf, "a.conf");
  EXPECT_EQ(parsed.options.directives, "pid x;");
}

TEST(Options, PathsAreRelativeToThePrefix) {
  Parsed parsed({"-p", "/srv", "-c", "etc/s.conf", "-e", "e.log"});
  EXPECT_EQ(parsed.invocation.paths.prefix, "/srv/");
  EXPECT_EQ(parsed.invocation.paths.conf_path, "/srv/etc/s.conf");
  EXPECT_EQ(parsed.invocation.paths.conf_prefix, "/srv/etc/");
  EXPECT_EQ(parsed.invocation.error_log, "/srv/e.log");
  EXPECT_EQ(Parsed({"-e", "stderr"}).invocation.error_log, "stderr");
  EXPECT_EQ(Parsed({"-p", "/srv/", "-c", "/x.conf"}).invocation.paths.conf_path, "/x.conf");
}

TEST(Options, ARelativePrefixIsBelowTheCurrentFolder) {
  char here[4096];
  ASSERT_NE(getcwd(here, sizeof here), nullptr);
  EXPECT_EQ(Parsed({"-p", "sub"}).invocation.paths.prefix, std::string(here) + "/sub/");
}

TEST(Options, SaysWhatIsWrongAsNginxDoes) {
  EXPECT_EQ(Parsed({"-x"}).error, "invalid option: \"x\"");
  EXPECT_EQ(Parsed({"start"}).error, "invalid option: \"start\"");
  EXPECT_EQ(Parsed({"--version"}).error, "invalid option: \"-\"");
  EXPECT_EQ(Parsed({"-c"}).error, "option \"-c\" requires file name");
  EXPECT_EQ(Parsed({"-e"}).error, "option \"-e\" requires file name");
  EXPECT_EQ(Parsed({"-p"}).error, "option \"-p\" requires directory name");
  EXPECT_EQ(Parsed({"-g"}).error, "option \"-g\" requires parameter");
  EXPECT_EQ(Parsed({"-s"}).error, "option \"-s\" requires parameter");
  EXPECT_EQ(Parsed({"-s", "restart"}).error, "invalid option: \"-s restart\"");
}

TEST(Options, Signals) {
  for (const char* name : {"stop", "quit", "reopen", "reload"}) {
    EXPECT_EQ(Parsed({"-s", name}).options.signal, name);
  }
}

}  // namespace
}  // namespace sluice::cli
