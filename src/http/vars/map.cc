// map: a variable whose value depends on that of others.
#include "http/vars/declared.h"
#include "http/vars/map_table.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Expression;
using conf::Node;
using conf::Row;
using conf::Scope;
using conf::Word;

struct Map {
  explicit Map(bool hostnames) : table(hostnames) {}
  Expression source;
  MapTable table;
};

conf::Value get_map(conf::Evaluation& in, const conf::Variable& variable) {
  Evaluating now(variable);
  if (now.in_circle()) { return {}; }
  const Map& map = *static_cast<const Map*>(variable.data);
  const Expression* result = map.table.find(in, map.source.evaluate(in));
  return {result == nullptr ? string_view("") : result->evaluate(in)};
}

bool is_parameter(const Node& line, string_view name) {
  return line.argument_count() == 0 && line.name() == name;
}

// One block while it is read.
class Reader {
 public:
  Reader(Build& build, const Scope& scope, MapTable& table)
      : build_(build), realm_(realm_of(scope)), table_(table) {}

  void read(const Node& line) {
    if (is_parameter(line, "hostnames") || is_parameter(line, "volatile")) { return; }
    if (line.block) {
      build_.error(line.words[0], "unexpected \"{\"", "an entry of a map is: source result;");
    } else if (line.argument_count() != 1) {
      build_.error(line.words[0], "invalid number of the map parameters",
                   "an entry of a map is: source result;");
    } else {
      add(line.words[0], Expression::compile(build_, realm_, line.argument_word(0)));
    }
  }

 private:
  void add(const Word& word, const Expression& result) {
    string_view source = word.text;
    if (source == "default") {
      if (!table_.set_default(result)) { build_.error(word, "duplicate default map parameter"); }
    } else if (source.starts_with('~')) {
      add_pattern(word, result);
    } else {
      // Texts that look like a parameter or a regex are written with a backslash.
      if (source.starts_with('\\')) { source.remove_prefix(1); }
      add_text(word, source, result);
    }
  }

  void add_pattern(const Word& word, const Expression& result) {
    bool caseless = word.text.starts_with("~*");
    string_view pattern = string_view(word.text).substr(caseless ? 2 : 1);
    if (pattern.empty()) {
      build_.error(word, "empty regex in map source \"" + word.text + "\"");
    } else if (const auto* matcher = conf::Matcher::compile(build_, realm_, word, pattern, caseless)) {
      table_.add(*matcher, result);
    }
  }

  void add_text(const Word& word, string_view source, const Expression& result) {
    switch (table_.add(source, result)) {
      case MapTable::Added::conflict:
        build_.error(word, "conflicting parameter \"" + std::string(source) + "\"",
                     "it was given before; case does not count");
        break;
      case MapTable::Added::invalid:
        build_.error(word, "invalid hostname or wildcard \"" + std::string(source) + "\"",
                     "a \"*\" stands at the start or the end, beside a dot");
        break;
      case MapTable::Added::yes:
        break;
    }
  }

  Build& build_;
  conf::Realm realm_;
  MapTable& table_;
};

void set_map(Build& build, Scope& scope, const Node& node, const Row&) {
  bool hostnames = false;
  bool cached = true;
  for (const Node& line : node.children) {
    hostnames = hostnames || is_parameter(line, "hostnames");
    cached = cached && !is_parameter(line, "volatile");
  }
  auto* map = build.arena().own<Map>(hostnames);
  declare(build, scope, node.argument_word(1), get_map, map, cached);
  map->source = Expression::compile(build, realm_of(scope), node.argument_word(0));
  Reader reader(build, scope, map->table);
  for (const Node& line : node.children) { reader.read(line); }
  map->table.finish();
}

void ignore(Build&, Scope&, const Node&, const Row&) {}

struct MapSettings {};

const conf::Module<MapSettings> module(
    "map",
    {
        conf::Module<MapSettings>::RowSpec(
            "map", conf::kHttp, arguments(2), set_map, "string $variable",
            "Declares a variable whose value depends on that of others. Each line of the block is a source "
            "and its result: when the string is the source, in whatever case, the variable is the result. "
            "Both the string and results may be text and variables together. A source that begins with ~ is "
            "a regular expression, with ~* one that ignores case; the results and what comes after may use "
            "its captures. \"default\" is the result when nothing fits, else it is empty. With "
            "\"hostnames;\" "
            "sources may be masks: *.example.com, .example.com (itself and all below), www.example.*. The "
            "exact source counts first, then the longest mask at the start, the longest at the end, then the "
            "first regular expression. A source that is written like one of these words begins with a "
            "backslash. The value is found when it is asked for, once per request unless the block says "
            "\"volatile;\".")
            .block()
            .repeating(),
        {"map_hash_bucket_size", conf::kHttp, arguments(1), ignore, "size",
         "Accepted for compatibility: tables of maps size themselves."},
        {"map_hash_max_size", conf::kHttp, arguments(1), ignore, "size",
         "Accepted for compatibility: tables of maps size themselves."},
    },
    conf::Inherit::no);

}  // namespace

}  // namespace sluice::http
