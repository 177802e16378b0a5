// Characters to words, by nginx's rules. Errors inside a word are reported here and recovered from so that
// the rest of the file can still be checked: broken() then says that the directive at hand is not to be
// trusted.
#pragma once

#include "conf/diagnostics.h"
#include "conf/escapes.h"
#include "conf/tree.h"

namespace sluice::conf {

enum class Token { word, semicolon, open, close, end };

class Lexer {
 public:
  // nginx's bound. It turns a forgotten closing quote into an error near its place.
  static constexpr size_t kLongestWord = 4096;

  // `file` must outlive the lexer and the words.
  Lexer(const SourceFile& file, Diagnostics& diagnostics, Environment environment = Environment::replace)
      : file_(file), text_(file.text), diagnostics_(diagnostics), environment_(environment) {}

  Token next();
  // The word that next() read last; to be moved from.
  Word& word() { return word_; }
  // Where the last token starts.
  Position at() const { return at(token_); }
  // The last token as bytes of the text: from begin() up to, but not including, end().
  size_t begin() const { return token_.offset; }
  size_t end() const { return now_.offset; }
  // Whether an error was met since clear_broken().
  bool broken() const { return broken_; }
  void clear_broken() { broken_ = false; }
  // True when only blanks stand before the last token on its line.
  bool first_on_line() const;

 private:
  struct Mark {
    size_t offset = 0;
    size_t line_start = 0;
    uint32_t line = 1;
  };
  Position at(const Mark& mark) const {
    return {&file_, mark.line, static_cast<uint32_t>(mark.offset - mark.line_start + 1)};
  }
  void skip_blanks_and_comments();
  void step();
  Token plain_word();
  Token quoted_word(char quote);
  Token after_quote(char quote);
  Token end_at_line_of_quote();
  void too_long();
  void take(size_t from, size_t to, bool quoted, bool escaped);
  void resolve(std::string_view raw);

  const SourceFile& file_;
  const std::string& text_;
  Diagnostics& diagnostics_;
  Environment environment_;
  Mark now_;
  Mark token_;
  Word word_;
  bool broken_ = false;
};

}  // namespace sluice::conf
