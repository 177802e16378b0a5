#include "net/resolver_settings.h"

#include "base/text.h"
#include "conf/build.h"

namespace sluice::net {

namespace {

using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using conf::Word;

constexpr uint16_t kDnsPort = 53;

bool set_family(Build& build, const Word& word, std::string_view name, bool& out) {
  std::string_view text = word.text;
  if (!text.starts_with(name)) { return false; }
  auto flag = conf::parse_flag(text.substr(name.size()));
  if (!flag) {
    build.error(word, "invalid parameter \"" + word.text + "\"", "it is on or off");
  } else {
    out = *flag;
  }
  return true;
}

bool apply_parameter(Build& build, const Word& word, Resolver::Plan& plan) {
  if (set_family(build, word, "ipv4=", plan.ipv4) || set_family(build, word, "ipv6=", plan.ipv6)) {
    return true;
  }
  return build.seconds_parameter(word, "valid", plan.valid);
}

void add_server(Build& build, const Word& word, Resolver::Plan& plan) {
  auto parts = split_authority(word.text, kDnsPort);
  if (!parts || parts->host.starts_with("unix:")) {
    build.error(word, "invalid name server \"" + word.text + "\"", "an address with an optional port is one");
    return;
  }
  if (parts->numeric) {
    plan.servers.push_back(*Address::parse(word.text, kDnsPort));
    return;
  }
  std::string reason;
  auto found = resolve_now(parts->host, parts->port, reason);
  if (found.empty()) { build.error(word, "host not found in resolver \"" + word.text + "\"", reason); }
  plan.servers.insert(plan.servers.end(), found.begin(), found.end());
}

void set_resolver(Build& build, Scope& scope, const Node& node, const Row&) {
  Resolver::Plan plan;
  for (size_t i = 0; i < node.argument_count(); ++i) {
    const Word& word = node.argument_word(i);
    if (!apply_parameter(build, word, plan)) { add_server(build, word, plan); }
  }
  if (!plan.ipv4 && !plan.ipv6) {
    build.error(node.words[0], "\"ipv4\" and \"ipv6\" cannot both be \"off\"");
    return;
  }
  if (plan.servers.empty()) {
    build.error(node.words[0], "no name servers defined");
    return;
  }
  scope.own<ResolverSettings>().resolver = build.arena().own<Resolver>(std::move(plan));
}

const conf::Module<ResolverSettings> module(
    "resolver",
    {
        {"resolver", conf::kHttpServerLocation, conf::arguments(1, conf::kAny), set_resolver,
         "address … [valid=time] [ipv4=on|off] [ipv6=on|off]",
         "Name servers that are asked for names that only become known with a request, as in proxy_pass with "
         "variables. Answers are kept as long as they say, or for the time of valid."},
        {"resolver_timeout", conf::kHttpServerLocation, &ResolverSettings::timeout, "time",
         "Longest time a request waits for a name.", "30s"},
    });

}  // namespace

}  // namespace sluice::net
