#include "conf/build.h"

#include <cstdlib>

#include "conf/nginx_names.h"

namespace sluice::conf {

namespace {

bool is_absolute(std::string_view path) { return path.starts_with('/'); }

// The known directive nearest to `wrong`, one that may stand in `context` first.
std::string_view nearest_directive(std::string_view wrong, uint32_t context) {
  std::vector<std::string_view> here;
  std::vector<std::string_view> elsewhere;
  for (const ModuleInfo* module : modules()) {
    for (const Row& row : module->rows) {
      ((row.contexts & context) != 0 ? here : elsewhere).push_back(row.name);
    }
  }
  here.push_back("include");
  std::string_view found = nearest(wrong, here);
  return found.empty() ? nearest(wrong, elsewhere) : found;
}

// The word after the name that starts a line and is the name of a directive: the ; before it is missing. 0
// when there is none.
size_t swallowed_directive(const Node& node) {
  for (size_t i = 1; i < node.words.size(); ++i) {
    const Word& word = node.words[i];
    if (word.at.line != node.words[i - 1].at.line && !word.quoted &&
        (contexts_of(word.text) != 0 || is_nginx_directive(word.text))) {
      return i;
    }
  }
  return 0;
}

std::string missing_after(const Word& word) { return "is a \";\" missing after \"" + word.text + "\"?"; }

}  // namespace

std::string Paths::from_conf(std::string_view path) const {
  return is_absolute(path) ? std::string(path) : conf_prefix + std::string(path);
}

std::string Paths::from_prefix(std::string_view path) const {
  return is_absolute(path) ? std::string(path) : prefix + std::string(path);
}

void** Build::defaults() {
  if (defaults_ == nullptr) {
    defaults_ = arena().array<void*>(modules().size());
    for (const ModuleInfo* module : modules()) { defaults_[module->slot] = module->make(arena()); }
  }
  return defaults_;
}

void Build::run(const Tree& tree) {
  balanced_ = tree.balanced;
  Scope main(*this, kMain, nullptr);
  children(main, tree.root);
  config.main = main.settings();
  // What was put off may put off more.
  for (size_t i = 0; i < later_.size(); ++i) {
    std::function<void()> work = std::move(later_[i]);
    work();
  }
  later_.clear();
  config.http_variables.resolve(diagnostics);
  config.stream_variables.resolve(diagnostics);
}

void Build::children(Scope& scope, const Node& block) {
  if (observer != nullptr) { observer->begin(scope, block); }
  for (const Node& node : block.children) {
    const Row* row = accept(scope, node);
    if (row == nullptr) { continue; }
    scope.counted(*row);
    if (observer != nullptr) { observer->applied(*row, node); }
    if (row->form == Form::structural) {
      scope.put_off([this, &scope, &node, row] { row->set(*this, scope, node, *row); });
      continue;
    }
    row->set(*this, scope, node, *row);
  }
  if (scope.context() == kMain) { config.main = scope.settings(); }
  for (const auto& work : scope.put_off_) { work(); }
  if (observer != nullptr) { observer->end(); }
}

// The row that `node` stands for when it may stand here in this form; else says what is wrong.
const Row* Build::accept(Scope& scope, const Node& node) {
  bool known_elsewhere = false;
  const Row* row = find_row(node.name(), scope.context(), &known_elsewhere);
  if (row == nullptr) {
    unknown(scope, node, known_elsewhere);
    return nullptr;
  }
  if (!well_formed(node, *row)) { return nullptr; }
  if (!row->repeats && scope.count(*row) > 0) {
    error(node.words[0], "\"" + row->name + "\" directive is duplicate");
    return nullptr;
  }
  doubt(scope, node);
  return row;
}

// Where any number of arguments is right, a forgotten ; makes the next directive one of them. It is not
// wrong, but who writes an argument in the column of directives?
void Build::doubt(const Scope& scope, const Node& node) {
  if (node.words.front().at.line == node.words.back().at.line) { return; }
  size_t next = swallowed_directive(node);
  const Word& word = node.words[next];
  if (next > 0 && word.at.column == node.words[0].at.column &&
      (contexts_of(word.text) & scope.context()) != 0) {
    diagnostics.warn(word, "\"" + word.text + "\" is taken as an argument of \"" + node.name() + "\"",
                     missing_after(node.words[next - 1]), "swallowed-directive");
  }
}

void Build::unknown(const Scope& scope, const Node& node, bool known_elsewhere) {
  const std::string& name = node.name();
  if (known_elsewhere) {
    // When the braces do not match, everything after the mistake stands in a wrong place.
    if (balanced_) {
      error(node.words[0], "\"" + name + "\" directive is not allowed here",
            "allowed in: " + context_names(contexts_of(name)));
    }
    return;
  }
  if (is_nginx_directive(name)) {
    error(node.words[0], "directive \"" + name + "\" is not supported");
    return;
  }
  std::string hint;
  if (std::string_view near = nearest_directive(name, scope.context()); !near.empty()) {
    hint = "did you mean \"" + std::string(near) + "\"?";
  } else if (name.starts_with("//") || name.starts_with("/*") || name.starts_with("--")) {
    hint = "comments begin with #";
  } else if (name.find('}') != std::string::npos) {
    hint = "a word with { or } in it, such as a regular expression, stands in quotes";
  }
  error(node.words[0], "unknown directive \"" + name + "\"", std::move(hint));
}

bool Build::well_formed(const Node& node, const Row& row) {
  if (node.argument_count() < row.count.least || node.argument_count() > row.count.most) {
    wrong_count(node, row);
    return false;
  }
  if (row.form == Form::simple && node.block) {
    error(node.words[0], "directive \"" + row.name + "\" is not terminated by \";\"", syntax_of(row));
    return false;
  }
  if (row.form != Form::simple && !node.block) {
    error(node.words[0], "directive \"" + row.name + "\" has no opening \"{\"", syntax_of(row));
    return false;
  }
  return true;
}

void Build::wrong_count(const Node& node, const Row& row) {
  std::string hint = syntax_of(row);
  if (size_t next = swallowed_directive(node); next > 0) { hint = missing_after(node.words[next - 1]); }
  error(node.words[0], "invalid number of arguments in \"" + row.name + "\" directive", std::move(hint));
}

bool Build::seconds_parameter(const Word& word, std::string_view name, uint64_t& out) {
  std::string_view text = word.text;
  if (!text.starts_with(name) || text.substr(name.size(), 1) != "=") { return false; }
  auto time = parse_seconds(text.substr(name.size() + 1));
  if (time) {
    out = time->count * 1000;
  } else {
    error(word, "invalid parameter \"" + word.text + "\"", std::string(name) + " takes a time such as 30s");
  }
  return true;
}

}  // namespace sluice::conf
