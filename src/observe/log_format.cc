#include "observe/log_format.h"

#include "conf/diagnostics.h"
#include "conf/directive.h"

namespace sluice::observe {

namespace {

using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using conf::Word;
using http::LogEscape;

constexpr std::string_view kCombined = "combined";
constexpr std::string_view kCombinedText =
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" "
    "\"$http_user_agent\"";

// The names that were declared, for hints.
struct Names {
  std::vector<std::string> all{std::string(kCombined)};
};

Names& names_of(Build& build) { return *build.shared<Names>("log format names", ""); }

LogFormat* slot_of(Build& build, std::string_view name) {
  return build.shared<LogFormat>("log format", std::string(name));
}

void report_unknown(Build& build, const Word& where) {
  const std::vector<std::string>& all = names_of(build).all;
  std::string_view near = conf::nearest(where.text, {all.begin(), all.end()});
  build.error(where, "unknown log format \"" + where.text + "\"",
              near.empty() ? std::string() : "did you mean \"" + std::string(near) + "\"?");
}

bool parse_escape(Build& build, const Word& word, LogEscape& escape) {
  std::string_view value = std::string_view(word.text).substr(std::string_view("escape=").size());
  if (value == "default") {
    escape = LogEscape::text;
  } else if (value == "json") {
    escape = LogEscape::json;
  } else if (value == "none") {
    escape = LogEscape::none;
  } else {
    build.error(word, "unknown log format escaping \"" + std::string(value) + "\"",
                "it is default, json or none");
    return false;
  }
  return true;
}

void set_log_format(Build& build, Scope&, const Node& node, const Row& row) {
  const std::string& name = node.argument(0);
  LogFormat* slot = slot_of(build, name);
  if (slot->declared() || name == kCombined) {
    build.error(node.argument_word(0), "duplicate \"log_format\" name \"" + name + "\"");
    return;
  }
  LogEscape escape = LogEscape::text;
  size_t first = 1;
  if (node.argument(1).starts_with("escape=")) {
    if (!parse_escape(build, node.argument_word(1), escape)) { return; }
    first = 2;
  }
  std::vector<const Word*> words;
  for (size_t i = first; i < node.argument_count(); ++i) { words.push_back(&node.argument_word(i)); }
  if (words.empty()) {
    conf::invalid_value(build, node, 1, row, "the format itself after escape=");
    return;
  }
  *slot = LogFormat(build, escape, words);
  names_of(build).all.push_back(name);
}

struct FormatSettings {};

const conf::Module<FormatSettings> module(
    "log", {
               conf::Module<FormatSettings>::RowSpec(
                   "log_format", conf::kHttp, conf::arguments(2, conf::kAny), set_log_format,
                   "name [escape=default|json|none] string …",
                   "Declares a format for access_log. Values of variables are escaped: with default, quotes, "
                   "backslashes and bytes outside of printable ASCII become \\xXX and what has no value is "
                   "\"-\"; json "
                   "escapes as JSON strings need it; none leaves everything as it is.",
                   "combined …")
                   .repeating(),
           });

}  // namespace

LogFormat::LogFormat(Build& build, LogEscape escape, const std::vector<const Word*>& words)
    : escape_(escape), declared_(true) {
  for (const Word* word : words) {
    parts_.push_back(conf::Expression::compile(build, conf::Realm::http, *word));
  }
}

const LogFormat* LogFormat::combined(Build& build) {
  LogFormat* slot = slot_of(build, kCombined);
  if (!slot->declared()) {
    Word word;
    word.text = kCombinedText;
    *slot = LogFormat(build, LogEscape::text, {&word});
  }
  return slot;
}

const LogFormat* LogFormat::named(Build& build, const Word& where) {
  if (where.text == kCombined) { return combined(build); }
  LogFormat* slot = slot_of(build, where.text);
  build.later([&build, &where, slot] {
    if (!slot->declared()) { report_unknown(build, where); }
  });
  return slot;
}

void LogFormat::append(std::string& line, conf::Evaluation& in) const {
  auto text = [&](std::string_view written) { line += written; };
  auto value = [&](const conf::Value& now) {
    if (now.found) {
      http::append_log_escaped(line, now.text, escape_);
    } else if (escape_ == LogEscape::text) {
      line += '-';
    }
  };
  for (const conf::Expression& part : parts_) { part.each(in, text, value); }
}

}  // namespace sluice::observe
