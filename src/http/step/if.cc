// `if`: commands that run, and settings that hold, when a condition does.
#include "http/condition.h"
#include "http/servers.h"
#include "http/step/script.h"

namespace sluice::http {

namespace {

using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using conf::Word;

class If final : public Command {
 public:
  explicit If(std::shared_ptr<const Condition> condition) : condition_(std::move(condition)) {}
  // What comes after the block still runs, and another `if` that holds replaces this one's settings.
  Course run(Progress& progress) const override {
    if (!condition_->holds(progress.request)) { return Course::next; }
    if (location != nullptr) {
      progress.request.location = location;
      progress.settings_changed = true;
    }
    return http::run(script, progress);
  }

  Script script;
  const Location* location = nullptr;  // of an `if` in a location: the request's from then on

 private:
  std::shared_ptr<const Condition> condition_;
};

// The words between the parentheses, which may touch their neighbours. False: told.
bool strip_parentheses(Build& build, const Node& node, std::vector<Word>& words) {
  words.assign(node.words.begin() + 1, node.words.end());
  Word& first = words.front();
  Word& last = words.back();
  bool alone = words.size() == 1 && first.text.size() < 2;
  if (alone || first.quoted || !first.text.starts_with('(')) {
    build.error(first, "invalid condition \"" + first.text + "\"",
                "it stands in parentheses: if ($variable)");
    return false;
  }
  if (last.quoted || !last.text.ends_with(')')) {
    build.error(last, "invalid condition \"" + last.text + "\"", "its closing parenthesis is missing");
    return false;
  }
  last.text.pop_back();
  --last.length;
  first.text.erase(0, 1);
  ++first.at.column;
  --first.length;
  if (words.back().text.empty()) { words.pop_back(); }
  if (!words.empty() && words.front().text.empty()) { words.erase(words.begin()); }
  return true;
}

void build_server_if(Build& build, Scope& scope, const Node& node, If& command) {
  Scope inner(build, conf::kServerIf, &scope);
  inner.object = scope.object;
  build.children(inner, node);
  command.script = inner.get<ScriptSettings>().script;
}

void build_location_if(Build& build, Scope& scope, const Node& node, If& command) {
  Scope inner(build, conf::kLocationIf, &scope);
  Location& location = begin_unnamed(inner, scope, node);
  build.children(inner, node);
  command.script = inner.get<ScriptSettings>().script;
  // The commands run inside the script around the block, so the location has none of its own.
  script_of(inner).clear();
  settle_unnamed(inner, scope, location);
  command.location = &location;
}

void set_if(Build& build, Scope& scope, const Node& node, const Row&) {
  std::vector<Word> words;
  std::shared_ptr<const Condition> condition;
  if (strip_parentheses(build, node, words)) {
    condition = compile_condition(build, words, node.argument_word(0));
  }
  auto command = std::make_shared<If>(std::move(condition));
  script_of(scope).push_back(command);
  scope.put_off([&build, &scope, &node, command] {
    bool in_server = scope.context() == conf::kServer;
    (in_server ? build_server_if : build_location_if)(build, scope, node, *command);
  });
}

struct IfSettings {};

const conf::Module<IfSettings> module(
    "rewrite",
    {
        conf::Module<IfSettings>::RowSpec(
            "if", conf::kServer | conf::kLocation, conf::arguments(1, conf::kAny), set_if, "(condition)",
            "Runs the commands in the block when the condition holds; in a location the request then has the "
            "block's settings, which inherit the location's, and of several that hold the last one's. "
            "Conditions: $variable (neither empty nor 0), $variable = text, !=, ~ regex, ~*, !~, !~*, -f "
            "file, "
            "-d, -e, -x and each of these with a ! before it.")
            .block()
            .repeating(),
    });

}  // namespace

}  // namespace sluice::http
