#include "conf/directive.h"

#include <algorithm>
#include <unordered_map>

#include "conf/build.h"

namespace sluice::conf {

namespace {

using Rows = std::vector<const Row*>;

// Rows by name. Modules register before main(), but a test may add one later: the index is made anew when
// their number has changed.
struct Index {
  std::unordered_map<std::string_view, Rows> by_name;
  size_t modules = 0;
};

const Rows* rows_of(std::string_view name) {
  static Index index;
  if (index.modules != modules().size()) {
    index.by_name.clear();
    for (const ModuleInfo* module : modules()) {
      for (const Row& row : module->rows) { index.by_name[row.name].push_back(&row); }
    }
    index.modules = modules().size();
  }
  auto at = index.by_name.find(name);
  return at == index.by_name.end() ? nullptr : &at->second;
}

}  // namespace

std::string context_names(uint32_t contexts) {
  static constexpr std::string_view kNames[] = {
      "main",           "events",       "http",     "server", "location",      "if in server",
      "if in location", "limit_except", "upstream", "stream", "stream server", "stream upstream"};
  std::string out;
  for (size_t bit = 0; bit < std::size(kNames); ++bit) {
    if ((contexts & (1u << bit)) != 0) {
      out += out.empty() ? "" : ", ";
      out += kNames[bit];
    }
  }
  return out;
}

std::vector<ModuleInfo*>& modules() {
  static std::vector<ModuleInfo*> all;
  return all;
}

const Row* find_row(std::string_view name, uint32_t context, bool* known_elsewhere) {
  const Rows* rows = rows_of(name);
  *known_elsewhere = rows != nullptr;
  if (rows == nullptr) { return nullptr; }
  for (const Row* row : *rows) {
    if ((row->contexts & context) != 0) {
      *known_elsewhere = false;
      return row;
    }
  }
  return nullptr;
}

uint32_t contexts_of(std::string_view name) {
  uint32_t contexts = 0;
  if (const Rows* rows = rows_of(name); rows != nullptr) {
    for (const Row* row : *rows) { contexts |= row->contexts; }
  }
  return contexts;
}

std::string syntax_of(const Row& row) {
  std::string out = "syntax: " + row.name;
  if (*row.syntax != '\0') {
    out += " ";
    out += row.syntax;
  }
  return out + (row.form == Form::simple ? ";" : " { … }");
}

Scope::Scope(Build& build, Context context, Scope* parent)
    : build_(build), context_(context), parent_(parent) {
  if (parent == nullptr) {
    settings_.slots_ = build.defaults();
  } else {
    inherit();
  }
}

// Takes over the parent's settings, except those that hold for one block alone.
void Scope::inherit() {
  settings_.slots_ = parent_->settings_.slots_;
  // From now on a change in the parent must not show here.
  parent_->shares_slots_ = true;
  if (parent_->owned_.none()) { return; }
  for (const ModuleInfo* module : modules()) {
    if (module->inherit == Inherit::no && parent_->owned_[module->slot]) {
      if (shares_slots_) { settings_.slots_ = copy_slots(); }
      settings_.slots_[module->slot] = build_.defaults()[module->slot];
    }
  }
}

void** Scope::copy_slots() {
  size_t count = modules().size();
  void** copy = build_.arena().array<void*>(count);
  std::copy(settings_.slots_, settings_.slots_ + count, copy);
  shares_slots_ = false;
  return copy;
}

void* Scope::own(const ModuleInfo& module) {
  void*& before = settings_.slots_[module.slot];
  if (owned_[module.slot]) { return before; }
  void* mine = module.copy(build_.arena(), before);
  if (shares_slots_) { settings_.slots_ = copy_slots(); }
  settings_.slots_[module.slot] = mine;
  owned_.set(module.slot);
  return mine;
}

int Scope::count(const Row& row) const {
  for (const auto& [seen, times] : seen_) {
    if (seen == &row) { return times; }
  }
  return 0;
}

void Scope::counted(const Row& row) {
  for (auto& [seen, times] : seen_) {
    if (seen == &row) {
      ++times;
      return;
    }
  }
  seen_.emplace_back(&row, 1);
}

void invalid_value(Build& build, const Node& node, size_t argument, const Row& row, const char* expected) {
  build.error(node.argument_word(argument),
              "invalid value \"" + node.argument(argument) + "\" in \"" + row.name +
                  "\" directive, it must be " + expected,
              syntax_of(row));
}

}  // namespace sluice::conf
