#include "cli/provenance.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace sluice::cli {

namespace {

// What a request meets: not what names servers or defines things for others to use.
bool concerns_requests(const conf::Row& row) {
  static const std::set<std::string> kNames = {"listen", "server_name", "if"};
  constexpr uint32_t kInside = conf::kServer | conf::kLocation | conf::kLocationIf;
  return row.form != conf::Form::structural && (row.contexts & kInside) != 0 && !kNames.contains(row.name);
}

bool is_default(const conf::Row& row, const conf::Node& node) {
  std::string arguments;
  for (size_t i = 0; i < node.argument_count(); ++i) { arguments += (i > 0 ? " " : "") + node.argument(i); }
  return !node.block && *row.default_text != '\0' && arguments == row.default_text;
}

// Settings that hold for their own block alone; so do commands that run when a block is come to.
const std::set<const conf::Row*>& own_rows() {
  static const std::set<const conf::Row*> rows = [] {
    std::set<const conf::Row*> out;
    for (const conf::ModuleInfo* module : conf::modules()) {
      for (const conf::Row& row : module->rows) {
        bool command = module->name == "rewrite";
        if (module->inherit == conf::Inherit::no || command) { out.insert(&row); }
      }
    }
    return out;
  }();
  return rows;
}

}  // namespace

void Provenance::begin(const conf::Scope& scope, const conf::Node& block) {
  current_ = &blocks_.emplace_back(Block{&block, current_, {}});
  // An if of a server acts on the server: the block that made it is the first.
  if (scope.object != nullptr) { by_object_.try_emplace(scope.object, current_); }
}

void Provenance::applied(const conf::Row& row, const conf::Node& node) {
  current_->set.emplace_back(&row, &node);
}

void Provenance::end() { current_ = current_->outer; }

const conf::Node* Provenance::block_of(const void* object) const {
  auto at = by_object_.find(object);
  return at == by_object_.end() ? nullptr : at->second->node;
}

std::vector<InForce> Provenance::in_force(const void* object) const {
  std::vector<InForce> out;
  auto at = by_object_.find(object);
  const Block* own = at == by_object_.end() ? nullptr : at->second;
  std::set<std::string> decided;
  for (const Block* block = own; block != nullptr; block = block->outer) {
    std::set<std::string> here;
    for (auto [row, node] : block->set) {
      bool reaches = block == own || !own_rows().contains(row);
      if (!reaches || !concerns_requests(*row) || decided.contains(row->name)) { continue; }
      here.insert(row->name);
      if (!is_default(*row, *node)) { out.push_back({row, node, block->node, block != own}); }
    }
    decided.merge(here);
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const InForce& a, const InForce& b) { return a.row->name < b.row->name; });
  return out;
}

std::string as_written(const conf::Node& node) {
  std::string out;
  for (const conf::Word& word : node.words) {
    out += out.empty() ? "" : " ";
    bool quotes = word.quoted || word.text.empty();
    out += quotes ? "\"" : "";
    for (char c : word.text) { out += c == '\n' ? "\\n" : std::string(1, c); }
    out += quotes ? "\"" : "";
  }
  return out + (node.block ? " { … }" : "");
}

std::string place_of(const conf::Position& at) {
  return at.file == nullptr ? "" : at.file->path + ":" + std::to_string(at.line);
}

}  // namespace sluice::cli
