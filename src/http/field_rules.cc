#include "http/field_rules.h"

#include <algorithm>

#include "base/text.h"
#include "http/request.h"

namespace sluice::http {

namespace {

constexpr FieldId kOfConnection[] = {FieldId::connection, FieldId::content_length,    FieldId::http2_settings,
                                     FieldId::keep_alive, FieldId::proxy_connection,  FieldId::te,
                                     FieldId::trailer,    FieldId::transfer_encoding, FieldId::upgrade};

bool may_be_named(conf::Build& build, const conf::Word& word, const std::string& name) {
  if (!is_token(name)) {
    build.error(word, "invalid header name \"" + name + "\"");
    return false;
  }
  if (!is_of_connection(field_id(name))) { return true; }
  build.error(word, "\"" + name + "\" cannot be changed",
              "the field is made from how the message and its connection are used");
  return false;
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f; }

// As %XX: RFC 9110 5.5 has no place for them.
string_view escape_controls(Arena& arena, string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  char* begin = arena.characters(text.size() * 3);
  char* at = begin;
  for (char c : text) {
    if (!is_control(c)) {
      *at++ = c;
      continue;
    }
    *at++ = '%';
    *at++ = kHex[static_cast<unsigned char>(c) >> 4];
    *at++ = kHex[c & 15];
  }
  return {begin, static_cast<size_t>(at - begin)};
}

// One blank for each line break and the indent behind it.
std::string join_lines(std::string_view text) {
  std::string joined;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' && text[i] != '\n') {
      joined += text[i];
      continue;
    }
    i = std::min(text.find_first_not_of("\r\n\t ", i), text.size()) - 1;
    joined += ' ';
  }
  return joined;
}

void append(Request& request, const FieldRule& rule, string_view value, Fields& fields) {
  bool cookies = rule.id == FieldId::cookie;
  string_view separator = cookies ? "; " : ", ";
  string_view before = fields.combined(rule.name, separator);
  if (!before.empty()) { value = request.arena().join(before, separator, value); }
  fields.set(rule.name, value);
}

void remove(const FieldRule& rule, Fields& fields) {
  if (!rule.prefix) {
    fields.remove(rule.name);
    return;
  }
  const Field* field = fields.begin();
  while (field != fields.end()) {
    bool goes =
        istarts_with(field->name, rule.name) && !is_of_connection(field->id) && field->id != FieldId::host;
    if (!goes) {
      ++field;
      continue;
    }
    fields.remove(field->name);
    field = fields.begin();
  }
}

}  // namespace

bool is_of_connection(FieldId id) {
  return std::find(std::begin(kOfConnection), std::end(kOfConnection), id) != std::end(kOfConnection);
}

bool FieldRule::touches(FieldId field) const {
  return prefix ? istarts_with(field_name(field), name) : id == field;
}

std::optional<FieldRule> read_field_rule(conf::Build& build, const conf::Node& node, FieldRule::Deed deed) {
  FieldRule rule;
  rule.deed = deed;
  rule.name = node.argument(0);
  rule.id = field_id(rule.name);
  if (!may_be_named(build, node.argument_word(0), rule.name)) { return std::nullopt; }
  bool single =
      rule.id == FieldId::set_cookie || rule.id == FieldId::content_type || rule.id == FieldId::host;
  if (deed == FieldRule::Deed::append && single) {
    build.error(node.argument_word(0), "\"" + rule.name + "\" cannot be appended to",
                "what it says is not a list");
    return std::nullopt;
  }
  rule.value = read_field_value(build, node.argument_word(1));
  return rule;
}

std::optional<FieldRule> read_removal(conf::Build& build, const conf::Word& word) {
  FieldRule rule;
  rule.deed = FieldRule::Deed::remove;
  rule.name = word.text;
  rule.prefix = rule.name.size() > 1 && rule.name.ends_with('*');
  if (rule.prefix) { rule.name.pop_back(); }
  if (rule.name.find('*') != std::string::npos) {
    build.error(word, "invalid header name \"" + word.text + "\"", "a star may stand at the end of a name");
    return std::nullopt;
  }
  rule.id = rule.prefix ? FieldId::unknown : field_id(rule.name);
  if (!may_be_named(build, word, rule.name)) { return std::nullopt; }
  if (rule.id != FieldId::host && rule.id != FieldId::date) { return rule; }
  build.error(word, "\"" + rule.name + "\" cannot be removed", "every message has one");
  return std::nullopt;
}

conf::Expression read_field_value(conf::Build& build, const conf::Word& word) {
  std::string text = join_lines(word.text);
  if (std::any_of(text.begin(), text.end(), is_control)) {
    build.error(word, "a control character in a header value");
  }
  return conf::Expression::compile(build, conf::Realm::http, word, text);
}

string_view field_value(Request& request, const conf::Expression& value) {
  string_view text = value.evaluate(request);
  bool clean = value.constant() || std::none_of(text.begin(), text.end(), is_control);
  return clean ? text : escape_controls(request.arena(), text);
}

void apply(Request& request, const FieldRule& rule, Fields& fields) {
  if (rule.deed == FieldRule::Deed::remove) { return remove(rule, fields); }
  string_view value = field_value(request, rule.value);
  if (value.empty()) { return; }
  switch (rule.deed) {
    case FieldRule::Deed::add:
      return fields.add({rule.name, value, rule.id});
    case FieldRule::Deed::append:
      return append(request, rule, value, fields);
    default:
      return fields.set(rule.name, value);
  }
}

}  // namespace sluice::http
