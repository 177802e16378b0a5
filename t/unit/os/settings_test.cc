#include "os/settings.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf/parser.h"
#include "os/affinity.h"
#include "os/error_log.h"

namespace sluice::os {
namespace {

struct Built {
  explicit Built(const std::string& text) {
    conf::ParseOptions options;
    options.include_base = "/nonexistent/";
    config.paths.prefix = "/srv/";
    parse_text(tree, "test.conf", text, options, diagnostics);
    conf::Build build(config, diagnostics);
    build.run(tree);
  }
  const ProcessSettings& settings() const { return process_settings(config); }
  std::string first() const { return diagnostics.all().empty() ? "" : diagnostics.all()[0].text; }
  conf::Config config;
  conf::Tree tree;
  conf::Diagnostics diagnostics;
};

TEST(ProcessSettings, Defaults) {
  Built built("events { }");
  EXPECT_EQ(built.first(), "");
  EXPECT_EQ(built.settings().worker_processes, 1u);
  EXPECT_TRUE(built.settings().daemon && built.settings().master_process);
  EXPECT_EQ(event_settings(built.config).worker_connections, 512u);
}

TEST(ProcessSettings, Values) {
  Built built(
      "worker_processes 3; worker_priority -5; worker_rlimit_nofile 4096; worker_rlimit_core 1m; pid "
      "run/x.pid;"
      "worker_shutdown_timeout 30s; env A; env B=c; working_directory /tmp; daemon off; timer_resolution "
      "100ms;"
      "events { worker_connections 77; multi_accept on; use epoll; accept_mutex on; accept_mutex_delay "
      "100ms; }");
  EXPECT_EQ(built.first(), "");
  const ProcessSettings& settings = built.settings();
  EXPECT_EQ(settings.worker_processes, 3u);
  EXPECT_EQ(settings.worker_priority, -5);
  EXPECT_EQ(settings.rlimit_nofile, 4096u);
  EXPECT_EQ(settings.rlimit_core, 1u << 20);
  EXPECT_EQ(settings.pid, "/srv/run/x.pid");
  EXPECT_EQ(settings.worker_shutdown_timeout.count, 30000u);
  EXPECT_EQ(settings.environment, (std::vector<std::string>{"A", "B=c"}));
  EXPECT_FALSE(settings.daemon);
  EXPECT_EQ(event_settings(built.config).worker_connections, 77u);
  EXPECT_TRUE(event_settings(built.config).multi_accept);
}

TEST(ProcessSettings, AutoCountsTheProcessors) {
  EXPECT_EQ(Built("worker_processes auto; events { }").settings().worker_processes, usable_processors());
}

TEST(ProcessSettings, RefusesWhatMakesNoSense) {
  EXPECT_NE(Built("worker_processes 0;").first(), "");
  EXPECT_NE(Built("worker_processes many;").first(), "");
  EXPECT_NE(Built("worker_priority 99;").first(), "");
  EXPECT_NE(Built("worker_cpu_affinity 0102;").first(), "");
  EXPECT_NE(Built("worker_cpu_affinity auto 01 10;").first(), "");
  EXPECT_NE(Built("worker_rlimit_nofile x;").first(), "");
  EXPECT_NE(Built("pid '';").first(), "");
  EXPECT_NE(Built("events { worker_connections 0; }").first(), "");
  EXPECT_EQ(Built("events { use kqueue; }").first(), "event method \"kqueue\" is not supported");
  EXPECT_EQ(Built("events { use magic; }").first(), "invalid event type \"magic\"");
  EXPECT_EQ(Built("events { } events { }").first(), "\"events\" directive is duplicate");
  EXPECT_EQ(Built("load_module x.so;").first(), "directive \"load_module\" is not supported");
}

TEST(ProcessSettings, UserIsForRootOnly) {
  std::string said = Built("user nobody; events { }").first();
  EXPECT_EQ(said.empty(), geteuid() == 0) << said;
  if (geteuid() == 0) {
    EXPECT_EQ(Built("user no_such_user;").first(), "getpwnam(\"no_such_user\") failed");
    EXPECT_EQ(Built("user root no_such_group;").first(), "getgrnam(\"no_such_group\") failed");
  }
}

TEST(Affinity, MasksReadFromTheRight) {
  auto mask = parse_cpu_mask("0110");
  ASSERT_TRUE(mask);
  EXPECT_EQ(CPU_COUNT(&*mask), 2);
  EXPECT_TRUE(CPU_ISSET(1, &*mask) && CPU_ISSET(2, &*mask));
  EXPECT_FALSE(parse_cpu_mask(""));
  EXPECT_FALSE(parse_cpu_mask("2"));
  EXPECT_TRUE(parse_cpu_mask("0001 0000"));
}

TEST(Affinity, TheLastMaskHoldsForTheRestAndAutoDealsOut) {
  std::vector<cpu_set_t> each = one_processor_each(*parse_cpu_mask("101"));
  ASSERT_EQ(each.size(), 2u);
  EXPECT_TRUE(CPU_ISSET(2, &mask_for(each, false, 5)));
  EXPECT_TRUE(CPU_ISSET(0, &mask_for(each, true, 4)));
  EXPECT_TRUE(CPU_ISSET(2, &mask_for(each, true, 5)));
}

bool covers(const std::string& rule, const char* address) {
  Built built("events { debug_connection " + rule + "; }");
  EXPECT_EQ(built.first(), "") << rule;
  sockaddr_in in{};
  sockaddr_in6 in6{};
  in.sin_family = AF_INET;
  in6.sin6_family = AF_INET6;
  bool six = inet_pton(AF_INET6, address, &in6.sin6_addr) == 1;
  inet_pton(AF_INET, address, &in.sin_addr);
  auto* any = six ? reinterpret_cast<sockaddr*>(&in6) : reinterpret_cast<sockaddr*>(&in);
  return event_settings(built.config).debug_connections[0].covers(any);
}

TEST(DebugConnection, CoversNetworks) {
  EXPECT_TRUE(covers("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(covers("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(covers("192.0.2.0/25", "192.0.2.127"));
  EXPECT_FALSE(covers("192.0.2.0/25", "192.0.2.128"));
  EXPECT_TRUE(covers("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(covers("0.0.0.0/0", "::1"));
  EXPECT_TRUE(covers("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(covers("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_NE(Built("events { debug_connection 1.2.3.4/33; }").first(), "");
  EXPECT_NE(Built("events { debug_connection localhost.; }").first(), "");
}

TEST(ErrorLog, SeveralInABlockWithLevels) {
  Built built("error_log a.log; error_log b.log notice; error_log stderr crit; events { }");
  EXPECT_EQ(built.first(), "");
  const auto& outputs = built.config.main.get<ErrorLogSettings>().log.outputs();
  ASSERT_EQ(outputs.size(), 3u);
  EXPECT_EQ(outputs[0].file->path, "/srv/a.log");
  EXPECT_EQ(outputs[0].file->fd, -1) << "not opened before the configuration is known to be good";
  EXPECT_EQ(outputs[1].level, log::Level::notice);
  EXPECT_EQ(outputs[2].file->fd, STDERR_FILENO);
}

TEST(ErrorLog, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(Built("error_log a.log loud;").first(), "invalid log level \"loud\"");
  EXPECT_EQ(Built("error_log memory:32m;").first(), "a log in memory is not supported");
  EXPECT_EQ(Built("error_log syslog:tag=x;").first(), "no syslog server specified");
  EXPECT_EQ(Built("error_log syslog:server=127.0.0.1,facility=x;").first(), "unknown syslog facility \"x\"");
  EXPECT_EQ(Built("error_log syslog:server=127.0.0.1,severity=x;").first(), "unknown syslog severity \"x\"");
  EXPECT_EQ(Built("error_log syslog:server=127.0.0.1,color=x;").first(),
            "unknown syslog parameter \"color=x\"");
  EXPECT_EQ(Built("error_log syslog:server=127.0.0.1,tag=a-b;").first(),
            "syslog \"tag\" only allows alphanumeric characters and underscore");
  EXPECT_EQ(Built("error_log syslog:server=unix:/a,server=unix:/b;").first(), "duplicate syslog \"server\"");
}

}  // namespace
}  // namespace sluice::os
