// Text with variables in it, compiled once. A text without variables costs nothing to evaluate.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/variable.h"

namespace sluice::conf {

class Build;

class Expression {
 public:
  Expression() = default;
  // Understands $name and ${name}, and $1 … $9. Errors (a lone $, an unknown variable) go to the build's
  // diagnostics, pointing into `where`.
  static Expression compile(Build& build, Realm realm, const Word& where) {
    return compile(build, realm, where, where.text);
  }
  // As above for a part of a word.
  static Expression compile(Build& build, Realm realm, const Word& where, std::string_view text);
  static Expression literal(std::string_view text);
  // The variable alone, whose name may have characters that no text could mention.
  static Expression of(const Variable& variable);

  bool constant() const { return parts_.empty(); }
  bool empty() const { return constant() && text_.empty(); }
  // As written.
  const std::string& text() const { return text_; }
  // The text with variables replaced; in the evaluation's arena, or the expression's own text when constant.
  // Variables without a value are empty.
  std::string_view evaluate(Evaluation& in) const;
  // As evaluate(), but what a regular expression captured is put in as `change` gives it back.
  using Change = std::string_view (*)(Evaluation& in, std::string_view captured);
  std::string_view evaluate(Evaluation& in, Change change) const;
  // The pieces in their order, for who must treat variables apart from the text around them (log lines
  // escape them): text(std::string_view) for what was written, value(Value) for what a variable has now.
  template <class Text, class OnValue>
  void each(Evaluation& in, Text text, OnValue value) const {
    if (constant()) { text(std::string_view(text_)); }
    for (const Part& part : parts_) {
      if (part.is_literal()) {
        text(std::string_view(part.literal));
      } else {
        value(value_of(part, in));
      }
    }
  }

 private:
  struct Part {
    std::string literal;
    const Variable* variable = nullptr;
    int capture = -1;  // $0 … $9
    bool is_literal() const { return variable == nullptr && capture < 0; }
  };
  static Value value_of(const Part& part, Evaluation& in);
  std::string_view joined(Evaluation& in, Change change) const;
  std::string text_;
  std::vector<Part> parts_;
};

}  // namespace sluice::conf
