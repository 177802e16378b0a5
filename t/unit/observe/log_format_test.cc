#include "observe/log_format.h"

#include <gtest/gtest.h>

namespace sluice::observe {
namespace {

using conf::Realm;
using conf::Value;

Value get_nasty(conf::Evaluation&, const conf::Variable&) { return {"\"\n\xff"}; }

const conf::VariableRow rows[] = {
    {Realm::http, "test_nasty", get_nasty, "Needs escaping."},
    {Realm::http, "test_absent", conf::no_value, "Has no value."},
};
const conf::Variables registered(rows);

struct Request : conf::Evaluation {
  Request(Arena& arena, const conf::VariableTable& table) : Evaluation(arena, table) {}
};

std::string line(http::LogEscape escape, const std::vector<std::string>& strings) {
  conf::Config config;
  conf::Diagnostics diagnostics;
  conf::Build build(config, diagnostics);
  std::vector<conf::Word> words(strings.size());
  std::vector<const conf::Word*> pointers;
  for (size_t i = 0; i < strings.size(); ++i) {
    words[i].text = strings[i];
    pointers.push_back(&words[i]);
  }
  LogFormat format(build, escape, pointers);
  config.http_variables.resolve(diagnostics);
  EXPECT_TRUE(diagnostics.all().empty());
  Arena arena;
  Request request(arena, config.http_variables);
  std::string out = ">";
  format.append(out, request);
  return out;
}

TEST(LogFormat, EscapesValuesAndNothingElse) {
  std::vector<std::string> strings = {"\"$test_nasty\"", " [$test_absent]", "\xff"};
  EXPECT_EQ(line(http::LogEscape::text, strings), ">\"\\x22\\x0A\\xFF\" [-]\xff");
  EXPECT_EQ(line(http::LogEscape::json, strings), ">\"\\\"\\n\xff\" []\xff");
  EXPECT_EQ(line(http::LogEscape::none, strings), ">\"\"\n\xff\" []\xff");
}

TEST(LogFormat, NeedsNoVariables) { EXPECT_EQ(line(http::LogEscape::text, {"a", "b"}), ">ab"); }

}  // namespace
}  // namespace sluice::observe
