#include "conf/lint/pattern.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::conf::pattern {

namespace {

// Walks over a regex far enough to see its groups, alternatives and quantifiers.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool backtracks() {
    while (at_ < text_.size()) {
      alternatives();
      ++at_;  // over a ) that opens nothing
    }
    return found_;
  }

 private:
  struct Quantifier {
    bool any = false;
    bool unbounded = false;
    bool possessive = false;  // gives nothing back, so nothing is tried twice
  };

  bool more() const { return at_ < text_.size(); }

  // Up to the ) of a group or the end. True: repeated, the body could match one text in several ways, because
  // some alternative consists of repeated pieces only.
  bool alternatives() {
    bool loose = false;
    bool empty = true, all_repeated = true, unbounded = false;
    while (more() && text_[at_] != ')') {
      if (text_[at_] == '|') {
        ++at_;
        loose = loose || (!empty && all_repeated && unbounded);
        empty = all_repeated = true;
        unbounded = false;
        continue;
      }
      bool body_loose = piece();
      Quantifier quantifier = read_quantifier();
      found_ = found_ || (body_loose && quantifier.unbounded && !quantifier.possessive);
      bool repeated = (quantifier.any && !quantifier.possessive) || body_loose;
      empty = false;
      all_repeated = all_repeated && repeated;
      unbounded = unbounded || (quantifier.unbounded && !quantifier.possessive) || body_loose;
    }
    return loose || (!empty && all_repeated && unbounded);
  }

  // One character, class, escape or group; true for a group with such a body.
  bool piece() {
    char c = text_[at_++];
    if (c == '\\') {
      at_ += more() ? 1 : 0;
    } else if (c == '[') {
      over_class();
    } else if (c == '(') {
      bool atomic = text_.substr(at_).starts_with("?>");
      over_group_start();
      bool loose = alternatives();
      at_ += more() ? 1 : 0;
      return loose && !atomic;
    }
    return false;
  }

  void over_class() {
    if (more() && text_[at_] == '^') { ++at_; }
    if (more() && text_[at_] == ']') { ++at_; }
    while (more() && text_[at_] != ']') { at_ += text_[at_] == '\\' ? 2 : 1; }
    at_ = std::min(at_ + 1, text_.size());
  }

  // ?: ?<name> ?P<name> ?'name' ?= ?! ?<= ?<! ?>
  void over_group_start() {
    if (!more() || text_[at_] != '?') { return; }
    ++at_;
    if (more() && text_[at_] == 'P') { ++at_; }
    char opening = more() ? text_[at_] : ')';
    char next = at_ + 1 < text_.size() ? text_[at_ + 1] : ')';
    if (opening == '\'' || (opening == '<' && next != '=' && next != '!')) {
      at_ = std::min(text_.find(opening == '<' ? '>' : '\'', at_ + 1), text_.size() - 1) + 1;
      return;
    }
    while (more() && std::string_view(":=!<>").find(text_[at_]) != std::string_view::npos) { ++at_; }
  }

  Quantifier read_quantifier() {
    Quantifier out;
    if (!more()) { return out; }
    char c = text_[at_];
    if (c == '*' || c == '+' || c == '?') {
      out.any = true;
      out.unbounded = c != '?';
      ++at_;
    } else if (c == '{') {
      size_t end = text_.find('}', at_);
      std::string_view bounds = end == std::string_view::npos ? "" : text_.substr(at_ + 1, end - at_ - 1);
      if (bounds.empty() || bounds.find_first_not_of("0123456789,") != std::string_view::npos) { return out; }
      out.any = true;
      out.unbounded = bounds.ends_with(',');
      at_ = end + 1;
    } else {
      return out;
    }
    if (more() && (text_[at_] == '?' || text_[at_] == '+')) { out.possessive = text_[at_++] == '+'; }
    return out;
  }

  std::string_view text_;
  size_t at_ = 0;
  bool found_ = false;
};

constexpr std::string_view kMeta = ".[]{}()*+?^$|\\";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word(char c) { return is_letter(c) || (c >= '0' && c <= '9'); }

bool is_extension(std::string_view text) {
  static constexpr std::string_view kKnown[] = {
      "avif", "bmp",  "bz2",   "cgi",  "conf", "css",  "csv",  "doc", "eot", "exe",  "flv",  "gif",
      "gz",   "htm",  "html",  "ico",  "inc",  "ini",  "jpeg", "jpg", "js",  "json", "jsp",  "log",
      "map",  "mjs",  "mp3",   "mp4",  "ogg",  "otf",  "pdf",  "php", "png", "py",   "rar",  "rss",
      "sh",   "sql",  "svg",   "svgz", "swf",  "tar",  "tgz",  "ttf", "txt", "wav",  "wasm", "webm",
      "webp", "woff", "woff2", "xml",  "xz",   "yaml", "yml",  "zip"};
  std::string folded = to_lower(text);
  return std::find(std::begin(kKnown), std::end(kKnown), folded) != std::end(kKnown);
}

// The extension at the start of `text`, alone or the first known one of a group: "php$", "(?:jpe?g|png)$".
// `rest` is what follows.
std::string_view extension_at(std::string_view text, std::string_view& rest) {
  bool group = text.starts_with('(');
  size_t close = group ? text.find(')') : 0;
  if (group && close == std::string_view::npos) { return {}; }
  std::string_view inside = group ? text.substr(1, close - 1) : text;
  rest = group ? text.substr(close + 1) : std::string_view();
  if (inside.starts_with("?:")) { inside.remove_prefix(2); }
  while (!inside.empty()) {
    size_t end = 0;
    while (end < inside.size() && is_word(inside[end])) { ++end; }
    std::string_view word = inside.substr(0, end);
    if (!group) { rest = inside.substr(end); }
    if (is_extension(word) && (!group || end == inside.size() || inside[end] == '|')) { return word; }
    size_t bar = group ? inside.find('|') : std::string_view::npos;
    inside.remove_prefix(bar == std::string_view::npos ? inside.size() : bar + 1);
  }
  return {};
}

}  // namespace

bool backtracks(std::string_view regex) { return Reader(regex).backtracks(); }

bool matches_everything(std::string_view regex) {
  std::string plain;
  for (char c : regex) {
    if (c != '(' && c != ')') { plain += c; }
  }
  static constexpr std::string_view kAll[] = {"",    "^",    "/",    "^/",   ".",     ".*",   "^.*",
                                              ".*$", "^.*$", "/.*",  "^/.*", "^/.*$", "/.*$", ".+",
                                              "^.+", ".+$",  "^.+$", "^.",   "^.*.*$"};
  return std::find(std::begin(kAll), std::end(kAll), plain) != std::end(kAll);
}

std::string literal_start(std::string_view regex) {
  std::string out;
  if (!regex.starts_with('^') || regex.find('|') != std::string_view::npos) { return out; }
  for (size_t i = 1; i < regex.size(); ++i) {
    char c = regex[i];
    if (c == '\\' && i + 1 < regex.size() && !is_word(regex[i + 1])) {
      c = regex[++i];
    } else if (kMeta.find(c) != std::string_view::npos) {
      break;
    }
    out += c;
    // A quantifier speaks of the last character, which then need not be there.
    char next = i + 1 < regex.size() ? regex[i + 1] : 'x';
    if (next == '*' || next == '?' || next == '{') {
      out.pop_back();
      break;
    }
  }
  return out;
}

std::string_view loose_dot(std::string_view regex) {
  bool in_class = false;
  for (size_t i = 0; i < regex.size(); ++i) {
    char c = regex[i];
    if (c == '\\') {
      ++i;
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
      if (regex.substr(i + 1).starts_with(']') || regex.substr(i + 1).starts_with("^]")) { ++i; }
    } else if (c == '.') {
      std::string_view rest;
      std::string_view found = extension_at(regex.substr(i + 1), rest);
      if (!found.empty() && (rest.empty() || rest[0] == '$' || rest[0] == '?')) { return found; }
    }
  }
  return {};
}

bool open_end(std::string_view regex) {
  size_t dot = regex.rfind("\\.");
  if (dot == std::string_view::npos || (dot > 0 && regex[dot - 1] == '\\')) { return false; }
  std::string_view rest;
  std::string_view found = extension_at(regex.substr(dot + 2), rest);
  return !found.empty() && rest.empty();
}

}  // namespace sluice::conf::pattern
