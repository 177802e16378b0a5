#include "conf/lint.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "base/text.h"
#include "conf/gap.h"
#include "conf/lexer.h"

namespace sluice::conf {

namespace {

class Sites {
 public:
  explicit Sites(const Node& root) { add(root, nullptr); }
  const std::deque<Site>& all() const { return sites_; }

 private:
  void add(const Node& node, Site* outer) {
    Site& site = sites_.emplace_back(node, outer);
    if (outer != nullptr) { outer->inner.push_back(&site); }
    for (const Node& child : node.children) {
      if (child.block) { add(child, &site); }
    }
  }
  std::deque<Site> sites_;
};

// What the comments of one file silence: ids by line; "" stands for all.
class Silenced {
 public:
  explicit Silenced(const SourceFile& file) : file_(file) {
    if (file.text.find("lint:") == std::string::npos) { return; }
    Diagnostics ignored;
    Lexer lexer(file, ignored, Environment::keep);
    size_t last = 0, newlines = 0;
    for (Token token = Token::word; token != Token::end;) {
      token = lexer.next();
      std::string_view gap = std::string_view(file.text).substr(last, lexer.begin() - last);
      each_comment(
          gap, [&](const Comment& comment) { add(comment); }, newlines);
      last = std::max(last, lexer.end());
    }
  }

  bool has(const Diagnostic& diagnostic) const {
    auto at = ids_.find(diagnostic.at.line);
    return at != ids_.end() && (at->second.contains("") || at->second.contains(diagnostic.id));
  }

  void report_unknown(Diagnostics& diagnostics) const {
    for (const auto& [id, word] : unknown_) {
      diagnostics.warn(word, "there is no warning \"" + id + "\"", "sluice lint --rules lists them all",
                       "unknown-lint-id");
    }
  }

 private:
  uint32_t line_at(size_t offset) {
    auto begin = file_.text.begin();
    line_ += static_cast<uint32_t>(
        std::count(begin + static_cast<ptrdiff_t>(counted_), begin + static_cast<ptrdiff_t>(offset), '\n'));
    counted_ = offset;
    return line_;
  }

  void add(const Comment& comment) {
    constexpr std::string_view kStart = "lint: ignore";
    std::string_view text = comment.text;
    text.remove_prefix(std::min(text.find_first_not_of("# \t"), text.size()));
    if (!text.starts_with(kStart)) { return; }
    auto offset = static_cast<size_t>(comment.text.data() - file_.text.data());
    uint32_t line = line_at(offset);
    size_t line_start = offset == 0 ? 0 : file_.text.rfind('\n', offset - 1) + 1;
    bool own_line = file_.text.find_first_not_of(" \t", line_start) == offset;
    std::set<std::string>& ids = ids_[own_line ? line_below(offset, line) : line];
    text.remove_prefix(kStart.size());
    bool any = false;
    while (!text.empty()) {
      size_t end = std::min(text.find_first_of(" \t,"), text.size());
      std::string_view id = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (id.empty()) { continue; }
      any = true;
      ids.emplace(id);
      note_unknown(id, line, static_cast<uint32_t>(id.data() - file_.text.data() - line_start + 1));
    }
    if (!any) { ids.emplace(); }
  }

  // The line that a comment on a line of its own speaks of: the next that is neither empty nor a comment.
  uint32_t line_below(size_t offset, uint32_t line) const {
    const std::string& text = file_.text;
    while ((offset = text.find('\n', offset)) != std::string::npos) {
      ++line;
      size_t first = text.find_first_not_of(" \t\r", ++offset);
      if (first != std::string::npos && text[first] != '\n' && text[first] != '#') { break; }
    }
    return line;
  }

  void note_unknown(std::string_view id, uint32_t line, uint32_t column) {
    bool known = false;
    Registry<const LintRule>::each([&](const LintRule& rule) { known = known || rule.id == id; });
    if (known) { return; }
    Word word{std::string(id), {&file_, line, column}, static_cast<uint32_t>(id.size()), false};
    unknown_.emplace_back(id, word);
  }

  const SourceFile& file_;
  std::map<uint32_t, std::set<std::string>> ids_;
  std::vector<std::pair<std::string, Word>> unknown_;
  size_t counted_ = 0;
  uint32_t line_ = 1;
};

const LintRule unknown_id{"unknown-lint-id", "A comment silences a warning that does not exist.", nullptr};
const LintRegistration unknown_id_registered(unknown_id);
const LintRule swallowed{
    "swallowed-directive",
    "A directive is taken as an argument, because the one before it lacks its semicolon.", nullptr};
const LintRegistration swallowed_registered(swallowed);

}  // namespace

const Site* Site::around(std::string_view name) const {
  const Site* site = this;
  while (site != nullptr && !site->is(name)) { site = site->outer; }
  return site;
}

const std::vector<const Node*>& Site::all(std::string_view name) const {
  static const std::vector<const Node*> none;
  if (by_name_.empty()) {
    for (const Node& child : node.children) { by_name_[child.name()].push_back(&child); }
  }
  auto found = by_name_.find(name);
  return found == by_name_.end() ? none : found->second;
}

const Site* Site::setting(std::string_view name) const {
  const Site* site = this;
  while (site != nullptr && site->first(name) == nullptr) { site = site->outer; }
  return site;
}

void Findings::warn(const Word& at, std::string text, std::string hint, std::vector<Related> related) {
  diagnostics_.add({Diagnostic::Kind::warning, at.at, std::max(1u, at.length), std::move(text),
                    std::move(hint), rule_->id, std::move(related)});
}

Related related(const Word& word, std::string text) {
  return {word.at, std::max(1u, word.length), std::move(text)};
}

std::vector<const LintRule*> lint_rules() {
  std::vector<const LintRule*> rules;
  Registry<const LintRule>::each([&](const LintRule& rule) { rules.push_back(&rule); });
  std::sort(rules.begin(), rules.end(),
            [](const LintRule* a, const LintRule* b) { return strcmp(a->id, b->id) < 0; });
  return rules;
}

void lint(const Tree& tree, Diagnostics& diagnostics) {
  Sites sites(tree.root);
  Findings findings(diagnostics);
  std::vector<const LintRule*> rules = lint_rules();
  for (const Site& site : sites.all()) {
    for (const LintRule* rule : rules) {
      findings.rule_ = rule;
      if (rule->check != nullptr) { rule->check(site, findings); }
    }
  }
}

void silence(const Tree& tree, Diagnostics& diagnostics) {
  std::map<const SourceFile*, Silenced> files;
  for (const auto& file : tree.files) { files.try_emplace(file.get(), *file); }
  diagnostics.silence([&](const Diagnostic& diagnostic) {
    auto at = files.find(diagnostic.at.file);
    return at != files.end() && at->second.has(diagnostic);
  });
  for (const auto& file : tree.files) { files.at(file.get()).report_unknown(diagnostics); }
}

}  // namespace sluice::conf
