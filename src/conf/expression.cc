#include "conf/expression.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "conf/build.h"

namespace sluice::conf {

namespace {

bool is_name_char(char c) { return is_alpha(c) || is_digit(c) || c == '_'; }

// The part of `where` that is `text[from, from + length)`; the whole word when escapes moved the columns.
Word part_of(const Word& where, std::string_view text, size_t from, size_t length) {
  Word part;
  part.at = where.at;
  part.length = where.length;
  size_t quotes = where.quoted ? 1 : 0;
  size_t offset = where.text.find(text);
  if (offset != std::string::npos && where.length == where.text.size() + 2 * quotes &&
      where.text.find('\n') == std::string::npos) {
    part.at.column += static_cast<uint32_t>(quotes + offset + from);
    part.length = static_cast<uint32_t>(length);
  }
  return part;
}

// Where the next variable of `text`, a part of `where`, is mentioned; its end when there is none.
size_t next_mention(const Word& where, std::string_view text, size_t from) {
  size_t at = text.find('$', from);
  if (where.plain_dollars != nullptr) {
    size_t offset = where.text.find(text);
    const std::vector<uint32_t>& plain = *where.plain_dollars;
    while (at != std::string_view::npos && offset != std::string::npos &&
           std::binary_search(plain.begin(), plain.end(), offset + at)) {
      at = text.find('$', at + 1);
    }
  }
  return std::min(at, text.size());
}

// A variable's mention at the start of `text`, which is a $.
struct Mention {
  std::string_view name;
  size_t length = 0;  // of the whole mention
  bool closed = true;
};

Mention mention_at(std::string_view text) {
  bool braces = text.size() > 1 && text[1] == '{';
  size_t from = braces ? 2 : 1;
  size_t end = from;
  // $12 is $1 and the digit 2.
  if (!braces && end < text.size() && text[end] >= '1' && text[end] <= '9') {
    return {text.substr(end, 1), 2, true};
  }
  while (end < text.size() && is_name_char(text[end])) { ++end; }
  std::string_view name = text.substr(from, end - from);
  if (!braces) { return {name, end, true}; }
  bool closed = end < text.size() && text[end] == '}';
  return {name, closed ? end + 1 : end, closed};
}

}  // namespace

Expression Expression::literal(std::string_view text) {
  Expression made;
  made.text_ = text;
  return made;
}

Expression Expression::of(const Variable& variable) {
  Expression made = literal("$" + variable.name);
  made.parts_.emplace_back().variable = &variable;
  return made;
}

Expression Expression::compile(Build& build, Realm realm, const Word& where, std::string_view text) {
  Expression made = literal(text);
  VariableTable& table = build.config.variables(realm);
  size_t from = 0;
  while (from < text.size()) {
    size_t dollar = next_mention(where, text, from);
    if (dollar == text.size() && made.parts_.empty()) { break; }
    if (dollar > from) { made.parts_.emplace_back().literal = text.substr(from, dollar - from); }
    if (dollar == text.size()) { break; }
    Mention mention = mention_at(text.substr(dollar));
    Word at = part_of(where, text, dollar, mention.length);
    if (!mention.closed) {
      build.error(at, "the closing bracket in \"" + std::string(mention.name) + "\" variable is missing");
      return literal(text);
    }
    if (mention.name.empty()) {
      build.error(at, "invalid variable name", "a \"$\" must be followed by the name of a variable");
      return literal(text);
    }
    Part& part = made.parts_.emplace_back();
    if (mention.name.size() == 1 && is_digit(mention.name[0])) {
      part.capture = mention.name[0] - '0';
    } else {
      part.variable = &table.use(mention.name, at);
    }
    from = dollar + mention.length;
  }
  return made;
}

Value Expression::value_of(const Part& part, Evaluation& in) {
  if (part.variable != nullptr) { return in.get(*part.variable); }
  if (part.capture < 0) { return {part.literal}; }
  auto capture = static_cast<size_t>(part.capture);
  if (in.captures == nullptr || capture >= in.captures->size()) { return {}; }
  return {(*in.captures)[capture]};
}

std::string_view Expression::evaluate(Evaluation& in) const {
  if (parts_.empty()) { return text_; }
  return parts_.size() == 1 ? value_of(parts_[0], in).text : joined(in, nullptr);
}

std::string_view Expression::evaluate(Evaluation& in, Change change) const {
  return parts_.empty() ? std::string_view(text_) : joined(in, change);
}

std::string_view Expression::joined(Evaluation& in, Change change) const {
  // Values are found once and kept: finding them twice could cost, or differ.
  constexpr size_t kOnStack = 16;
  std::array<std::string_view, kOnStack> few;
  std::string_view* values =
      parts_.size() <= kOnStack ? few.data() : in.arena().array<std::string_view>(parts_.size());
  size_t size = 0;
  for (size_t i = 0; i < parts_.size(); ++i) {
    values[i] = value_of(parts_[i], in).text;
    if (change != nullptr && parts_[i].capture >= 0) { values[i] = change(in, values[i]); }
    size += values[i].size();
  }
  char* start = in.arena().characters(size);
  char* to = start;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (!values[i].empty()) {
      memcpy(to, values[i].data(), values[i].size());
      to += values[i].size();
    }
  }
  return {start, size};
}

}  // namespace sluice::conf
