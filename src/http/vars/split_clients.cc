// split_clients: a variable whose values are given to shares of the clients.
#include "base/text.h"
#include "conf/expression.h"
#include "http/vars/declared.h"
#include "http/vars/split_table.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using conf::Word;

struct SplitClients {
  conf::Expression source;
  SplitTable table;
};

conf::Value get_part(conf::Evaluation& in, const conf::Variable& variable) {
  Evaluating now(variable);
  if (now.in_circle()) { return {}; }
  const SplitClients& clients = *static_cast<const SplitClients*>(variable.data);
  return {clients.table.find(clients.source.evaluate(in))};
}

// "12.5%" in hundredths of a per cent; zero is none.
std::optional<uint32_t> parse_percent(string_view text) {
  if (!text.ends_with('%')) { return std::nullopt; }
  text.remove_suffix(1);
  Split parts = split(text, '.');
  if (parts.tail.size() > 2) { return std::nullopt; }
  auto whole = parts.head.empty() ? std::optional<uint64_t>(0) : parse_decimal(parts.head);
  auto fraction = parts.tail.empty() ? std::optional<uint64_t>(0) : parse_decimal(parts.tail);
  if (!whole || !fraction || *whole > UINT16_MAX) { return std::nullopt; }
  uint64_t hundredths = *whole * 100 + (parts.tail.size() == 1 ? *fraction * 10 : *fraction);
  return hundredths == 0 ? std::nullopt : std::optional(static_cast<uint32_t>(hundredths));
}

void read(Build& build, const Node& line, SplitTable& table) {
  const Word& word = line.words[0];
  constexpr const char* kEntry = "an entry of split_clients is: percentage value; or: * value;";
  if (line.block) {
    build.error(word, "unexpected \"{\"", kEntry);
  } else if (line.argument_count() != 1) {
    build.error(word, "invalid number of the split_clients parameters", kEntry);
  } else if (word.text == "*") {
    table.add_rest(line.argument(0));
  } else if (auto percent = parse_percent(word.text); !percent) {
    build.error(word, "invalid percent value \"" + word.text + "\"",
                "it is more than nothing and has at most two digits after the point: 0.5%");
  } else if (!table.add(*percent, line.argument(0))) {
    build.error(word, "percent total is greater than 100%");
  }
}

void set_split_clients(Build& build, Scope& scope, const Node& node, const Row&) {
  auto* clients = build.arena().own<SplitClients>();
  declare(build, scope, node.argument_word(1), get_part, clients, true);
  clients->source = conf::Expression::compile(build, realm_of(scope), node.argument_word(0));
  for (const Node& line : node.children) { read(build, line, clients->table); }
}

struct SplitSettings {};

const conf::Module<SplitSettings> module(
    "split_clients",
    {
        conf::Module<SplitSettings>::RowSpec(
            "split_clients", conf::kHttp, arguments(2), set_split_clients, "string $variable",
            "Declares a variable that divides clients, for tests of variants and for canaries. The string, "
            "in which variables stand, is hashed by MurmurHash2. Each line of the block is a share such as "
            "0.5% and the value that it has; \"*\" is whoever is left. The same string has always the same "
            "value. With \"userid on\" the string may be $uid: the share then sticks to a client from its "
            "first request on.")
            .block()
            .repeating(),
    },
    conf::Inherit::no);

}  // namespace

}  // namespace sluice::http
