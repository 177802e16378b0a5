#include "http/route_condition.h"

#include <algorithm>

#include "base/text.h"
#include "http/access_table.h"
#include "http/request.h"
#include "http/wildcard_names.h"

namespace sluice::http {

namespace {

using conf::Build;
using conf::Expression;
using conf::Node;
using conf::Word;

// --- tests that `if` has not ---

class OfMethods final : public Condition {
 public:
  explicit OfMethods(std::vector<std::string> names) : names_(std::move(names)) {}
  bool holds(Request& r) const override {
    string_view method = r.method_override.empty() ? r.head.method_text : r.method_override;
    return std::find(names_.begin(), names_.end(), method) != names_.end();
  }

 private:
  std::vector<std::string> names_;
};

class OfHosts final : public Condition {
 public:
  explicit OfHosts(WildcardNames names) : names_(std::move(names)) {}
  bool holds(Request& r) const override { return names_.find(r.host) != nullptr; }

 private:
  WildcardNames names_;
};

class OfClients final : public Condition {
 public:
  explicit OfClients(AccessTable table) : table_(std::move(table)) {}
  bool holds(Request& r) const override {
    auto number = net::IpNumber::from_bytes(r.client().peer.full().binary());
    return (number ? table_.find(*number) : table_.find_unix()) == AccessTable::Says::allow;
  }

 private:
  AccessTable table_;
};

// --- how they are joined ---

class Not final : public Condition {
 public:
  explicit Not(ConditionPointer inner) : inner_(std::move(inner)) {}
  bool holds(Request& r) const override { return !inner_->holds(r); }

 private:
  ConditionPointer inner_;
};

class Joined final : public Condition {
 public:
  Joined(std::vector<ConditionPointer> parts, bool all) : parts_(std::move(parts)), all_(all) {}
  bool holds(Request& r) const override {
    for (const auto& part : parts_) {
      if (part->holds(r) != all_) { return !all_; }
    }
    return all_;
  }

 private:
  std::vector<ConditionPointer> parts_;
  bool all_;
};

// --- words ---

Word part_of(const Word& word, size_t from, size_t length) {
  Word part = word;
  part.text = word.text.substr(from, length);
  // Where escapes moved the columns the whole word is pointed at.
  if (word.length == word.text.size()) {
    part.at.column += static_cast<uint32_t>(from);
    part.length = static_cast<uint32_t>(length);
  }
  return part;
}

// Parentheses may touch the words in them. One at a word's end that closes what the word itself opened, as in
// a regular expression, is part of it.
void split_parentheses(const Word& word, std::vector<Word>& out) {
  size_t from = 0;
  size_t end = word.text.size();
  bool operand = !out.empty() && !out.back().quoted && is_comparison(out.back().text);
  if (word.quoted) {
    out.push_back(word);
    return;
  }
  while (!operand && from < end && word.text[from] == '(') { out.push_back(part_of(word, from++, 1)); }
  string_view rest = string_view(word.text).substr(from);
  auto closing = std::count(rest.begin(), rest.end(), ')') - std::count(rest.begin(), rest.end(), '(');
  for (; closing > 0 && end > from && word.text[end - 1] == ')'; --closing) { --end; }
  if (end > from) { out.push_back(part_of(word, from, end - from)); }
  for (; end < word.text.size(); ++end) { out.push_back(part_of(word, end, 1)); }
}

class Reader {
 public:
  Reader(Build& build, const Node& node) : build_(build), last_(node.words.back()) {
    for (size_t i = 0; i < node.argument_count(); ++i) { split_parentheses(node.argument_word(i), words_); }
  }

  ConditionPointer read() {
    ConditionPointer made = read_joined(false);
    if (made != nullptr && at_ < words_.size()) {
      return fail(words_[at_], "\"and\", \"or\" or one of =, !=, ~, ~*, !~ and !~* was expected");
    }
    return made;
  }

 private:
  ConditionPointer fail(const Word& word, const char* hint) {
    build_.error(word, "unexpected \"" + word.text + "\" in condition", hint);
    return nullptr;
  }
  ConditionPointer fail_at_end(const char* hint) {
    build_.error(last_, "the condition ends after \"" + last_.text + "\"", hint);
    return nullptr;
  }

  bool is(string_view text) const {
    return at_ < words_.size() && !words_[at_].quoted && words_[at_].text == text;
  }
  bool take(string_view text) {
    bool taken = is(text);
    at_ += taken ? 1 : 0;
    return taken;
  }
  // The list of a test goes on.
  bool in_list() const { return at_ < words_.size() && !is("and") && !is("or") && !is(")"); }

  // Parts joined by "or", each of them parts joined by "and".
  ConditionPointer read_joined(bool all) {
    std::vector<ConditionPointer> parts;
    do {
      ConditionPointer part = all ? read_one() : read_joined(true);
      if (part == nullptr) { return nullptr; }
      parts.push_back(std::move(part));
    } while (take(all ? "and" : "or"));
    return parts.size() == 1 ? parts[0] : std::make_shared<Joined>(std::move(parts), all);
  }

  ConditionPointer read_one() {
    if (take("not")) {
      ConditionPointer inner = read_one();
      return inner == nullptr ? nullptr : std::make_shared<Not>(std::move(inner));
    }
    if (take("(")) {
      ConditionPointer inner = read_joined(false);
      if (inner == nullptr || take(")")) { return inner; }
      return at_ < words_.size() ? fail(words_[at_], "\"and\", \"or\" or \")\" was expected")
                                 : fail_at_end("a \")\" is missing");
    }
    if (at_ == words_.size()) { return fail_at_end("a test must follow"); }
    return read_test();
  }

  ConditionPointer read_test() {
    const Word& word = words_[at_++];
    if (!word.quoted) {
      if (word.text == "method") { return read_methods(); }
      if (word.text == "host") { return read_hosts(); }
      if (word.text == "client") { return read_clients(); }
      for (const char* prefix : {"header", "cookie", "argument"}) {
        if (word.text == prefix) { return read_named(prefix); }
      }
      if (word.text.size() > 1 && word.text[0] == '$') {
        return read_value(Expression::compile(build_, conf::Realm::http, word));
      }
    }
    return fail(word, "a test is $variable, header, cookie, argument, method, host or client");
  }

  ConditionPointer read_named(string_view kind) {
    if (at_ == words_.size()) { return fail_at_end("a name must follow"); }
    const Word& word = words_[at_++];
    std::string name = kind == "header" ? "http_" : kind == "cookie" ? "cookie_" : "arg_";
    for (char c : word.text) { name += kind == "header" && c == '-' ? '_' : lower(c); }
    return read_value(Expression::of(build_.config.http_variables.use(name, word)));
  }

  ConditionPointer read_value(Expression value) {
    bool compares = at_ < words_.size() && !words_[at_].quoted && is_comparison(words_[at_].text);
    if (!compares) { return truth_of(std::move(value)); }
    const Word& operation = words_[at_++];
    if (at_ == words_.size()) { return fail_at_end("what to compare with must follow"); }
    return compare(build_, std::move(value), operation, words_[at_++]);
  }

  ConditionPointer read_methods() {
    std::vector<std::string> names;
    for (; in_list(); ++at_) {
      if (!is_token(words_[at_].text)) { return fail(words_[at_], "a method such as POST was expected"); }
      names.push_back(words_[at_].text);
    }
    if (names.empty()) { return nothing_listed("a method such as POST must follow"); }
    return std::make_shared<OfMethods>(std::move(names));
  }

  ConditionPointer read_hosts() {
    WildcardNames names;
    size_t count = 0;
    for (; in_list(); ++at_, ++count) {
      if (names.add(to_lower(words_[at_].text), this) == WildcardNames::Added::invalid) {
        return fail(words_[at_], "a name such as example.com, *.example.com or www.example.* was expected");
      }
    }
    if (count == 0) { return nothing_listed("a name such as example.com must follow"); }
    names.shrink();
    return std::make_shared<OfHosts>(std::move(names));
  }

  ConditionPointer read_clients() {
    AccessTable table;
    for (; in_list(); ++at_) {
      if (words_[at_].text == "unix:") {
        table.add_unix(AccessTable::Says::allow);
        continue;
      }
      auto network = net::Network::parse(words_[at_].text);
      if (!network) {
        return fail(words_[at_], "a network such as 192.0.2.0/24 or 2001:db8::/32 was expected");
      }
      table.add(*network, AccessTable::Says::allow);
    }
    if (table.empty()) { return nothing_listed("a network such as 192.0.2.0/24 must follow"); }
    table.finish();
    return std::make_shared<OfClients>(std::move(table));
  }

  ConditionPointer nothing_listed(const char* hint) {
    return at_ < words_.size() ? fail(words_[at_], hint) : fail_at_end(hint);
  }

  Build& build_;
  const Word& last_;
  std::vector<Word> words_;
  size_t at_ = 0;
};

}  // namespace

ConditionPointer compile_route_condition(Build& build, const Node& node) {
  return Reader(build, node).read();
}

}  // namespace sluice::http
