#include "conf/lexer.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sluice::conf {

namespace {

// What a word cannot simply run over: its end, or something to look at.
constexpr std::array<bool, 256> make_special() {
  std::array<bool, 256> table{};
  for (char c : std::string_view(" \t\r\n;{\\$")) { table[static_cast<unsigned char>(c)] = true; }
  return table;
}
constexpr auto kSpecial = make_special();

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

// Over one character, keeping count of lines.
void Lexer::step() {
  if (text_[now_.offset++] == '\n') {
    ++now_.line;
    now_.line_start = now_.offset;
  }
}

void Lexer::skip_blanks_and_comments() {
  while (now_.offset < text_.size()) {
    char c = text_[now_.offset];
    if (is_space(c)) {
      step();
    } else if (c == '#') {
      now_.offset = std::min(text_.find('\n', now_.offset), text_.size());
    } else {
      return;
    }
  }
}

bool Lexer::first_on_line() const {
  for (size_t i = token_.line_start; i < token_.offset; ++i) {
    if (!is_blank(text_[i])) { return false; }
  }
  return true;
}

Token Lexer::next() {
  skip_blanks_and_comments();
  token_ = now_;
  if (now_.offset == text_.size()) { return Token::end; }
  switch (char c = text_[now_.offset]) {
    case ';':
      step();
      return Token::semicolon;
    case '{':
      step();
      return Token::open;
    case '}':
      step();
      return Token::close;
    case '"':
    case '\'':
      return quoted_word(c);
    default:
      return plain_word();
  }
}

void Lexer::take(size_t from, size_t to, bool quoted, bool escaped) {
  std::string_view raw(text_.data() + from, to - from);
  word_.plain_dollars.reset();
  if (escaped || raw.find(kEnvironmentMark) != std::string_view::npos) {
    resolve(raw);
  } else {
    word_.text.assign(raw);
  }
  word_.at = at(token_);
  word_.length = static_cast<uint32_t>(now_.offset - token_.offset);
  word_.quoted = quoted;
}

void Lexer::resolve(std::string_view raw) {
  Resolved resolved = resolve_escapes(raw, environment_);
  word_.text = std::move(resolved.text);
  if (!resolved.plain_dollars.empty()) {
    word_.plain_dollars = std::make_shared<const std::vector<uint32_t>>(std::move(resolved.plain_dollars));
  }
  if (!resolved.mistake) { return; }
  broken_ = true;
  Mark mark = token_;
  auto end = static_cast<size_t>(raw.data() - text_.data()) + resolved.mistake->offset;
  for (; mark.offset < end; ++mark.offset) {
    if (text_[mark.offset] == '\n') {
      ++mark.line;
      mark.line_start = mark.offset + 1;
    }
  }
  Word where;
  where.at = at(mark);
  where.length = static_cast<uint32_t>(resolved.mistake->length);
  diagnostics_.error(where, std::move(resolved.mistake->text), std::move(resolved.mistake->hint));
}

Token Lexer::plain_word() {
  size_t from = now_.offset;
  bool escaped = false;
  while (now_.offset < text_.size()) {
    char c = text_[now_.offset];
    if (!kSpecial[static_cast<unsigned char>(c)]) {
      ++now_.offset;
      continue;
    }
    bool pair = now_.offset + 1 < text_.size();
    if (c == '\\') {
      escaped = true;
      ++now_.offset;
      // \${env:…} is no block either.
      bool reference = text_.compare(now_.offset, kEnvironmentMark.size(), kEnvironmentMark) == 0;
      if (pair) { step(); }
      if (reference) { ++now_.offset; }
    } else if (c == '$') {
      // ${name} is no block.
      now_.offset += pair && text_[now_.offset + 1] == '{' ? 2 : 1;
    } else {
      break;
    }
  }
  if (now_.offset - from > kLongestWord) { too_long(); }
  take(from, now_.offset, false, escaped);
  return Token::word;
}

void Lexer::too_long() {
  broken_ = true;
  std::string start = text_.substr(token_.offset, 10);
  diagnostics_.error(at(token_), "too long parameter \"" + start + "...\" started",
                     format("at most %zu bytes are allowed", kLongestWord));
}

Token Lexer::quoted_word(char quote) {
  step();
  size_t from = now_.offset;
  bool escaped = false;
  while (now_.offset < text_.size() && now_.offset - from <= kLongestWord) {
    char c = text_[now_.offset];
    if (c == quote) {
      size_t to = now_.offset++;
      take(from, to, true, escaped);
      return after_quote(quote);
    }
    step();
    if (c == '\\' && now_.offset < text_.size()) {
      escaped = true;
      step();
    }
  }
  if (now_.offset == text_.size()) {
    diagnostics_.error(at(token_), "unexpected end of file, expecting \";\" or \"}\"",
                       "this quote is never closed");
  } else {
    diagnostics_.error(at(token_), std::string("too long parameter, probably missing terminating \"") +
                                       quote + "\" character");
  }
  return end_at_line_of_quote();
}

// The word is taken; what follows must separate it from the next.
Token Lexer::after_quote(char quote) {
  char c = now_.offset < text_.size() ? text_[now_.offset] : ' ';
  if (is_space(c) || c == ';' || c == '{' || c == ')') { return Token::word; }
  std::string text = std::string("unexpected \"") + c + "\"";
  if (now_.line == token_.line) {
    diagnostics_.error(at(now_), std::move(text),
                       "a quoted word must be followed by a blank, \";\" or \"{\"");
    broken_ = true;
    return Token::word;
  }
  // The quote that ended this word was most likely meant to start one.
  diagnostics_.error(
      at(now_), std::move(text),
      format("the quoted word started on line %u; is a closing %c missing there?", token_.line, quote));
  return end_at_line_of_quote();
}

// Takes the directive for ended on the line where a quote was left open, so that what follows is read as it
// was meant.
Token Lexer::end_at_line_of_quote() {
  broken_ = true;
  now_ = token_;
  now_.offset = std::min(text_.find('\n', token_.offset), text_.size());
  size_t last = text_.find_last_not_of(" \t\r", now_.offset == 0 ? 0 : now_.offset - 1);
  bool opens = last != std::string::npos && last > token_.offset && text_[last] == '{';
  return opens ? Token::open : Token::semicolon;
}

}  // namespace sluice::conf
