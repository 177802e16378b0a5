// `set` gives a variable a value; `break` ends the script.
#include "base/text.h"
#include "conf/expression.h"
#include "http/step/script.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

class Set final : public Command {
 public:
  Set(const conf::Variable& variable, conf::Expression value)
      : variable_(variable), value_(std::move(value)) {}
  Course run(Progress& progress) const override {
    Request& request = progress.request;
    string_view value = value_.evaluate(request);
    if (variable_.set != nullptr) {
      variable_.set(request, variable_, value);
    } else {
      request.put(variable_, conf::Value(value));
    }
    return Course::next;
  }

 private:
  const conf::Variable& variable_;
  conf::Expression value_;
};

class Break final : public Command {
 public:
  Course run(Progress& progress) const override {
    if (progress.path_changed) { progress.request.rewritten_in_place = true; }
    progress.path_changed = false;
    return Course::stop;
  }
};

// Of a variable that nothing but `set` gives a value, and which has none yet.
conf::Value get_unset(conf::Evaluation& in, const conf::Variable& variable) {
  Request& request = request_of(in);
  if (request.settings<RewriteSettings>().warn_uninitialized) {
    SLUICE_REQUEST_LOG(request, warn, 0, "using uninitialized \"%s\" variable", variable.name.c_str());
  }
  return {string_view()};
}

void set_set(Build& build, Scope& scope, const Node& node, const Row&) {
  const conf::Word& word = node.argument_word(0);
  string_view name = word.text;
  bool named = name.size() > 1 && name[0] == '$' && !is_digit(name[1]);
  if (!named) {
    build.error(word, "invalid variable name \"" + word.text + "\"", "it begins with a $ and is no number");
    return;
  }
  name.remove_prefix(1);
  conf::Variable* variable = build.config.http_variables.define(name, conf::no_value, nullptr, false);
  if (variable == nullptr) {
    build.error(word, "the duplicate \"" + std::string(name) + "\" variable", "its value cannot be changed");
    return;
  }
  if (variable->get == conf::no_value) { variable->get = get_unset; }
  auto value = conf::Expression::compile(build, conf::Realm::http, node.argument_word(1));
  script_of(scope).push_back(std::make_shared<Set>(*variable, std::move(value)));
}

void set_break(Build&, Scope& scope, const Node&, const Row&) {
  script_of(scope).push_back(std::make_shared<Break>());
}

struct SetSettings {};

const conf::Module<SetSettings> module(
    "rewrite",
    {
        conf::Module<SetSettings>::RowSpec("set", kInScripts, arguments(2), set_set, "$variable value",
                                           "Gives the variable this value, which may contain variables.")
            .repeating(),
        conf::Module<SetSettings>::RowSpec(
            "break", kInScripts, arguments(0), set_break, "",
            "Ends the rewriting here: what follows of rewrite, set, return and if in the block does not run, "
            "and in a location the request stays in it whatever its path has become.")
            .repeating(),
    });

}  // namespace

}  // namespace sluice::http
