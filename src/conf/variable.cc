#include "conf/variable.h"

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "conf/diagnostics.h"

namespace sluice::conf {

namespace {

// Registered rows of one realm.
struct Rows {
  std::vector<const VariableRow*> all;
  std::unordered_map<std::string_view, const VariableRow*> exact;
  std::vector<const VariableRow*> prefixes;  // longest first
};

Rows& rows_of(Realm realm) {
  static Rows rows[2];
  return rows[static_cast<size_t>(realm)];
}

const VariableRow* find_exact(Realm realm, std::string_view name) {
  const Rows& rows = rows_of(realm);
  auto at = rows.exact.find(name);
  return at == rows.exact.end() ? nullptr : at->second;
}

void resolve_to(Variable& variable, const VariableRow& row) {
  variable.get = row.get;
  variable.set = row.set;
  variable.cached = row.cached;
  variable.changeable = row.changeable;
  if (row.prefix) { variable.suffix = variable.name.substr(std::string_view(row.name).size()); }
}

}  // namespace

Value no_value(Evaluation&, const Variable&) { return {}; }

Variables::Variables(const VariableRow* rows, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const VariableRow& row = rows[i];
    Rows& to = rows_of(row.realm);
    to.all.push_back(&row);
    if (row.prefix) {
      to.prefixes.push_back(&row);
      std::stable_sort(to.prefixes.begin(), to.prefixes.end(),
                       [](const VariableRow* a, const VariableRow* b) {
                         return std::string_view(a->name).size() > std::string_view(b->name).size();
                       });
    } else {
      to.exact.emplace(row.name, &row);
    }
  }
}

const VariableRow* Variables::find(Realm realm, std::string_view name) {
  if (const VariableRow* row = find_exact(realm, name); row != nullptr) { return row; }
  for (const VariableRow* row : rows_of(realm).prefixes) {
    if (name.size() > std::string_view(row->name).size() && name.starts_with(row->name)) { return row; }
  }
  return nullptr;
}

std::vector<const VariableRow*> Variables::all(Realm realm) {
  std::vector<const VariableRow*> rows = rows_of(realm).all;
  std::sort(rows.begin(), rows.end(), [](const VariableRow* a, const VariableRow* b) {
    return std::string_view(a->name) < std::string_view(b->name);
  });
  return rows;
}

Variable& VariableTable::find_or_add(std::string_view name) {
  // nginx's names do not depend on case.
  auto [at, added] = by_name_.try_emplace(to_lower(name), nullptr);
  if (added) {
    Variable& made = variables_.emplace_back();
    made.name = at->first;
    made.index = static_cast<uint32_t>(variables_.size() - 1);
    at->second = &made;
  }
  return *at->second;
}

Variable& VariableTable::use(std::string_view name, const Word& where) {
  Variable& variable = find_or_add(name);
  if (variable.first_use.file == nullptr) {
    variable.first_use = where.at;
    variable.first_use_length = std::max(1u, where.length);
  }
  return variable;
}

Variable* VariableTable::define(std::string_view name, Getter get, const void* data, bool cached) {
  const VariableRow* row = find_exact(realm_, to_lower(name));
  if (row != nullptr && !row->changeable) { return nullptr; }
  Variable& variable = find_or_add(name);
  // A value that lives in its slot overrides a map or a built-in only once it was set.
  if (get == no_value && variable.get != nullptr) { return &variable; }
  if (row == nullptr && get == no_value) {
    // $http_name and the like keep their meaning until the slot has a value.
    if (const VariableRow* prefix = Variables::find(realm_, variable.name); prefix != nullptr) {
      resolve_to(variable, *prefix);
      variable.changeable = true;
      return &variable;
    }
  }
  if (row != nullptr) { resolve_to(variable, *row); }
  if (row == nullptr || get != no_value) {
    variable.get = get;
    variable.data = data;
    variable.cached = cached;
  }
  variable.changeable = true;
  return &variable;
}

void VariableTable::resolve(Diagnostics& diagnostics) {
  for (Variable& variable : variables_) {
    if (variable.get != nullptr) { continue; }
    if (const VariableRow* row = Variables::find(realm_, variable.name); row != nullptr) {
      resolve_to(variable, *row);
      continue;
    }
    std::vector<std::string_view> candidates;
    for (const VariableRow* row : rows_of(realm_).all) { candidates.push_back(row->name); }
    for (const Variable& other : variables_) {
      if (other.get != nullptr && other.get != no_value) { candidates.push_back(other.name); }
    }
    std::string_view near = nearest(variable.name, candidates);
    Word where;
    where.at = variable.first_use;
    where.length = variable.first_use_length;
    diagnostics.error(where, "unknown \"" + variable.name + "\" variable",
                      near.empty() ? std::string() : "did you mean \"$" + std::string(near) + "\"?");
  }
  for (Variable& variable : variables_) { variable.get = variable.get == nullptr ? no_value : variable.get; }
}

Evaluation::Slot& Evaluation::slot(uint32_t index) {
  if (slots_ == nullptr) {
    slots_ = arena_.array<Slot>(table_.size());
    std::uninitialized_default_construct_n(slots_, table_.size());
  }
  return slots_[index];
}

void Evaluation::share_values(Evaluation& with) {
  if (table_.size() > 0) { with.slot(0); }
  slots_ = with.slots_;
}

void Evaluation::copy_values(const Evaluation& from) {
  if (from.slots_ == nullptr) { return; }
  for (uint32_t i = 0; i < table_.size(); ++i) {
    const Slot& original = from.slots_[i];
    if (!original.set) { continue; }
    Value copy = original.value;
    copy.text = arena_.copy(copy.text);
    slot(i) = {copy, true};
  }
}

}  // namespace sluice::conf
