#include "conf/escapes.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"

namespace sluice::conf {

namespace {

bool is_name(std::string_view text) {
  return !text.empty() && !is_digit(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alpha(c) || is_digit(c) || c == '_'; });
}

class Resolver {
 public:
  Resolver(std::string_view raw, Environment environment) : raw_(raw), environment_(environment) {
    out_.text.reserve(raw.size());
  }

  Resolved run() {
    while (at_ < raw_.size()) {
      if (raw_[at_] == '\\' && at_ + 1 < raw_.size()) {
        escape();
      } else if (environment_ == Environment::replace && starts(kEnvironmentMark)) {
        reference();
      } else {
        out_.text += raw_[at_++];
      }
    }
    return std::move(out_);
  }

 private:
  bool starts(std::string_view text, size_t after = 0) const {
    return raw_.substr(at_ + after).starts_with(text);
  }

  // A backslash vanishes before a quote or a backslash, makes \t \r \n, and otherwise stays: regexes need no
  // doubling.
  void escape() {
    if (environment_ == Environment::replace && starts(kEnvironmentMark, 1)) {
      add_plain("$");
      at_ += 2;
      return;
    }
    char c = raw_[at_ + 1];
    at_ += 2;
    switch (c) {
      case '"':
      case '\'':
      case '\\':
        out_.text += c;
        break;
      case 't':
        out_.text += '\t';
        break;
      case 'r':
        out_.text += '\r';
        break;
      case 'n':
        out_.text += '\n';
        break;
      default:
        out_.text += '\\';
        out_.text += c;
    }
  }

  void reference() {
    size_t from = at_ + kEnvironmentMark.size();
    size_t close = raw_.find('}', from);
    if (close == std::string_view::npos) {
      mistake(raw_.size(), "the closing bracket in \"" + std::string(raw_.substr(at_)) + "\" is missing",
              "with a blank, a semicolon or a brace in it the whole word is put in quotes");
      return;
    }
    std::string_view inner = raw_.substr(from, close - from);
    size_t colon = std::min(inner.find(':'), inner.size());
    std::string name(inner.substr(0, colon));
    bool has_default = inner.substr(colon).starts_with(":-");
    if (!is_name(name) || (colon < inner.size() && !has_default)) {
      mistake(close + 1, "invalid reference to the environment",
              "it is written ${env:NAME} or ${env:NAME:-default}");
      return;
    }
    const char* value = getenv(name.c_str());
    if (value != nullptr && (*value != '\0' || !has_default)) {
      add_plain(value);
    } else if (has_default) {
      add_plain(inner.substr(colon + 2));
    } else {
      mistake(close + 1, "environment variable \"" + name + "\" is not set",
              "${env:" + name + ":-default} gives it a default");
      return;
    }
    at_ = close + 1;
  }

  void add_plain(std::string_view text) {
    for (size_t i = text.find('$'); i != std::string_view::npos; i = text.find('$', i + 1)) {
      out_.plain_dollars.push_back(static_cast<uint32_t>(out_.text.size() + i));
    }
    out_.text += text;
  }

  // The reference stays as it is written.
  void mistake(size_t end, std::string text, std::string hint) {
    if (!out_.mistake) { out_.mistake = {at_, end - at_, std::move(text), std::move(hint)}; }
    add_plain(raw_.substr(at_, end - at_));
    at_ = end;
  }

  std::string_view raw_;
  Environment environment_;
  size_t at_ = 0;
  Resolved out_;
};

}  // namespace

Resolved resolve_escapes(std::string_view raw, Environment environment) {
  return Resolver(raw, environment).run();
}

}  // namespace sluice::conf
