#include "conf/format.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "conf/gap.h"
#include "conf/lexer.h"
#include "conf/parser.h"

namespace sluice::conf {

namespace {

constexpr size_t kIndent = 4;
constexpr size_t kWidth = 100;  // a directive that is longer is wrapped between its words

// A word of a directive, or a comment among its words.
struct Piece {
  std::string_view text;
  bool comment;
  bool breaks;  // the author began a line with it
  bool glued;   // nothing is between it and the word before: ("a") ends so
};

bool has_newline(std::string_view text) { return text.find('\n') != std::string_view::npos; }

class Formatter {
 public:
  Formatter(const SourceFile& file, Diagnostics& diagnostics)
      : text_(file.text), lexer_(file, diagnostics, Environment::keep) {}
  std::string run();

 private:
  void gap(size_t from, size_t to);
  void comment(const Comment& comment);
  void word();
  void close();
  void begin_line(bool spaced);
  void end_directive(char terminator);
  bool fits_one_line() const;
  void write_pieces();
  void place(const Piece& piece, bool after_comment);
  size_t margin() const { return depth_ * kIndent; }
  void newline(size_t indent);
  void write(std::string_view text);

  const std::string& text_;
  Lexer lexer_;
  std::string out_;
  std::vector<Piece> pieces_;  // of the directive at hand
  size_t depth_ = 0;
  size_t column_ = 0;
  size_t newlines_ = 0;      // since the last token or comment
  bool spaced_ = false;      // an empty line goes before the directive at hand
  bool block_start_ = true;  // nothing stands in this block yet
};

std::string Formatter::run() {
  size_t last = 0;
  for (;;) {
    Token token = lexer_.next();
    gap(last, lexer_.begin());
    last = lexer_.end();
    if (token == Token::end) { break; }
    if (token == Token::word) {
      word();
    } else if (token == Token::close) {
      close();
    } else {
      end_directive(token == Token::open ? '{' : ';');
    }
    newlines_ = 0;
  }
  if (!out_.empty()) { out_ += '\n'; }
  return std::move(out_);
}

void Formatter::gap(size_t from, size_t to) {
  newlines_ = 0;
  each_comment(
      std::string_view(text_).substr(from, to - from), [&](const Comment& found) { comment(found); },
      newlines_);
}

void Formatter::comment(const Comment& found) {
  if (!pieces_.empty()) {
    pieces_.push_back({found.text, true, found.newlines > 0, false});
    return;
  }
  if (found.newlines == 0 && !out_.empty()) {
    out_ += ' ';
  } else {
    begin_line(found.newlines > 1);
  }
  out_ += found.text;
  block_start_ = false;
}

void Formatter::word() {
  std::string_view raw = std::string_view(text_).substr(lexer_.begin(), lexer_.end() - lexer_.begin());
  if (pieces_.empty()) { spaced_ = newlines_ > 1; }
  bool glued = !pieces_.empty() && lexer_.begin() > 0 && pieces_.back().text.end() == raw.begin();
  pieces_.push_back({raw, false, newlines_ > 0, glued});
}

void Formatter::close() {
  --depth_;
  // An empty block keeps its braces together.
  if (!block_start_ || !out_.ends_with('{')) { begin_line(false); }
  out_ += '}';
  block_start_ = false;
}

// What ended the line before may still get a comment behind it, so a line is ended by the next one.
void Formatter::begin_line(bool spaced) {
  if (!out_.empty()) { out_ += spaced && !block_start_ ? "\n\n" : "\n"; }
  out_.append(margin(), ' ');
  column_ = margin();
}

void Formatter::newline(size_t indent) {
  out_ += '\n';
  out_.append(indent, ' ');
  column_ = indent;
}

void Formatter::write(std::string_view text) {
  out_ += text;
  size_t end = text.rfind('\n');
  column_ = end == std::string_view::npos ? column_ + text.size() : text.size() - end - 1;
}

void Formatter::end_directive(char terminator) {
  begin_line(spaced_);
  bool ends_in_comment = pieces_.back().comment;
  write_pieces();
  pieces_.clear();
  if (ends_in_comment) { newline(margin() + kIndent); }
  if (terminator == '{') {
    out_ += ends_in_comment ? "{" : " {";
    ++depth_;
  } else {
    out_ += ';';
  }
  block_start_ = terminator == '{';
}

// A text that is written in several pieces, as a log format, stays as its author laid it out.
bool Formatter::fits_one_line() const {
  size_t width = margin();
  for (const Piece& piece : pieces_) {
    bool text_in_pieces = piece.breaks && (piece.text[0] == '"' || piece.text[0] == '\'');
    bool first = &piece == &pieces_.front();
    if (piece.comment || (text_in_pieces && !first) || has_newline(piece.text)) { return false; }
    width += piece.text.size() + (first || piece.glued ? 0 : 1);
  }
  return width <= kWidth;
}

void Formatter::write_pieces() {
  bool one_line = fits_one_line();
  bool after_comment = false;
  for (const Piece& piece : pieces_) {
    if (&piece == &pieces_.front()) {
      write(piece.text);
    } else if (one_line) {
      if (!piece.glued) { write(" "); }
      write(piece.text);
    } else {
      place(piece, after_comment);
    }
    after_comment = piece.comment;
  }
}

void Formatter::place(const Piece& piece, bool after_comment) {
  size_t width = std::min(piece.text.find('\n'), piece.text.size());
  bool too_wide = !piece.comment && column_ + 1 + width > kWidth;
  if (piece.glued) {
    // stays where it is
  } else if (after_comment || piece.breaks || too_wide) {
    newline(margin() + kIndent);
  } else {
    write(" ");
  }
  write(piece.text);
}

}  // namespace

Formatted format_text(const std::string& name, std::string text) {
  Formatted out;
  ParseOptions options;
  options.includes = Includes::keep;
  options.environment = Environment::keep;
  parse_text(out.tree, name, std::move(text), options, out.diagnostics);
  if (!out.diagnostics.failed()) { out.text = Formatter(*out.tree.files[0], out.diagnostics).run(); }
  return out;
}

}  // namespace sluice::conf
