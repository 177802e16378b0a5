#include "http/condition.h"

#include <errno.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/text.h"
#include "conf/matcher.h"
#include "http/request.h"
#include "http/rewrite_log.h"

namespace sluice::http {

namespace {

using conf::Build;
using conf::Word;

class Truth final : public Condition {
 public:
  explicit Truth(conf::Expression value) : value_(std::move(value)) {}
  bool holds(Request& r) const override { return is_true(value_.evaluate(r)); }

 private:
  conf::Expression value_;
};

class Equal final : public Condition {
 public:
  Equal(conf::Expression left, conf::Expression right, bool wanted)
      : left_(std::move(left)), right_(std::move(right)), wanted_(wanted) {}
  bool holds(Request& r) const override { return (left_.evaluate(r) == right_.evaluate(r)) == wanted_; }

 private:
  conf::Expression left_;
  conf::Expression right_;
  bool wanted_;
};

class Matches final : public Condition {
 public:
  Matches(conf::Expression value, const conf::Matcher& pattern, std::string text, bool wanted)
      : value_(std::move(value)), pattern_(pattern), text_(std::move(text)), wanted_(wanted) {}
  bool holds(Request& r) const override {
    string_view value = value_.evaluate(r);
    bool matched = pattern_.match(r, value);
    log_match(r, text_, value, matched);
    return matched == wanted_;
  }

 private:
  conf::Expression value_;
  const conf::Matcher& pattern_;
  std::string text_;  // of the pattern, as written
  bool wanted_;
};

class FileTest final : public Condition {
 public:
  FileTest(char kind, conf::Expression name, bool wanted)
      : kind_(kind), name_(std::move(name)), wanted_(wanted) {}
  bool holds(Request& r) const override { return test(r) == wanted_; }

 private:
  bool test(Request& r) const {
    string_view name = r.arena().join(name_.evaluate(r), string_view("", 1));
    struct stat status;
    if (::stat(name.data(), &status) != 0) {
      if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG) {
        SLUICE_REQUEST_LOG(r, crit, errno, "stat() \"%s\" failed", name.data());
      }
      return false;
    }
    switch (kind_) {
      case 'f':
        return S_ISREG(status.st_mode);
      case 'd':
        return S_ISDIR(status.st_mode);
      case 'x':
        return (status.st_mode & S_IXUSR) != 0;
      default:
        return true;
    }
  }
  char kind_;
  conf::Expression name_;
  bool wanted_;
};

conf::Expression compile(Build& build, const Word& word) {
  return conf::Expression::compile(build, conf::Realm::http, word);
}

// $name and nothing else.
bool is_variable(string_view text) {
  auto in_name = [](char c) { return is_alpha(c) || is_digit(c) || c == '_' || c == '{' || c == '}'; };
  return text.size() > 1 && text[0] == '$' && std::all_of(text.begin() + 1, text.end(), in_name);
}

bool is_file_test(string_view text) {
  if (text.starts_with('!')) { text.remove_prefix(1); }
  return text.size() == 2 && text[0] == '-' && string_view("fdex").find(text[1]) != string_view::npos;
}

}  // namespace

ConditionPointer truth_of(conf::Expression value) { return std::make_shared<Truth>(std::move(value)); }

bool is_comparison(string_view operation) {
  if (operation.starts_with('!')) { operation.remove_prefix(1); }
  return operation == "=" || operation == "~" || operation == "~*";
}

ConditionPointer compare(Build& build, conf::Expression left, const Word& operation, const Word& right) {
  string_view text = operation.text;
  bool wanted = !text.starts_with('!');
  if (!wanted) { text.remove_prefix(1); }
  if (text == "=") { return std::make_shared<Equal>(std::move(left), compile(build, right), wanted); }
  const auto* pattern = conf::Matcher::compile(build, conf::Realm::http, right, right.text, text == "~*");
  if (pattern == nullptr) { return nullptr; }
  return std::make_shared<Matches>(std::move(left), *pattern, right.text, wanted);
}

ConditionPointer compile_condition(Build& build, const std::vector<Word>& words, const Word& whole) {
  if (words.empty()) {
    build.error(whole, "invalid condition \"()\"", "if ($variable) or if ($variable = text)");
    return nullptr;
  }
  const Word& first = words[0];
  if (is_file_test(first.text)) {
    if (words.size() != 2) {
      build.error(first, "invalid condition \"" + first.text + "\"", "the name of one file must follow");
      return nullptr;
    }
    return std::make_shared<FileTest>(first.text.back(), compile(build, words[1]), first.text[0] != '!');
  }
  if (!is_variable(first.text) || words.size() == 2 || words.size() > 3) {
    build.error(first, "invalid condition \"" + first.text + "\"",
                "if ($variable), if ($variable = text) or if (-f file)");
    return nullptr;
  }
  if (words.size() == 1) { return truth_of(compile(build, first)); }
  if (is_comparison(words[1].text)) { return compare(build, compile(build, first), words[1], words[2]); }
  build.error(words[1], "unexpected \"" + words[1].text + "\" in condition",
              "it is one of =, !=, ~, ~*, !~ and !~*");
  return nullptr;
}

}  // namespace sluice::http
