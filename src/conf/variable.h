// Variables: $name. A row says how a value is found; a table holds those that one configuration uses.
//
//   static const conf::VariableRow rows[] = {{Realm::http, "scheme", get_scheme, "request scheme, http or
//   https"}, …}; static const conf::Variables registered(rows);
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "base/registry.h"
#include "conf/tree.h"

namespace sluice::conf {

class Diagnostics;
class Evaluation;

enum class Realm : uint8_t { http, stream };

struct Value {
  std::string_view text;
  bool found = false;  // false: the variable has no value here; logs print "-", elsewhere it is empty
  Value() = default;
  Value(std::string_view t) : text(t), found(true) {}  // NOLINT: a value is its text
};

struct Variable;

// `variable.suffix` is what follows the prefix of a prefix variable (http_…, arg_…), lower case where that
// matters is the getter's business. Text must live as long as the evaluation: its arena, the message, or
// static.
using Getter = Value (*)(Evaluation&, const Variable&);
using Setter = void (*)(Evaluation&, const Variable&, std::string_view value);

struct VariableRow {
  Realm realm;
  const char* name;  // ends with _ for a prefix variable when `prefix`
  Getter get;
  const char* manual;
  bool prefix = false;
  bool changeable = false;  // `set` may give it a value
  Setter set = nullptr;     // what `set` does beyond remembering the value ($args, $limit_rate)
  bool cached = false;      // evaluated once per request
};

// A variable as used in one configuration.
struct Variable {
  std::string name;
  std::string suffix;  // of a prefix variable
  uint32_t index = 0;  // its place in an evaluation's slots
  Getter get = nullptr;
  Setter set = nullptr;
  bool cached = false;
  bool changeable = false;
  const void* data = nullptr;  // the definition's own: a map, a geo table
  Position first_use;
  uint32_t first_use_length = 1;
};

class VariableTable {
 public:
  explicit VariableTable(Realm realm) : realm_(realm) {}
  // The variable called `name`, noted as used at `where`; checked to exist when the build ends.
  Variable& use(std::string_view name, const Word& where);
  // Declares a variable of the configuration's own (set, map, regex capture). Its values live in slots unless
  // `get` says otherwise. Null when the name belongs to a built-in that may not be changed.
  Variable* define(std::string_view name, Getter get, const void* data, bool cached);
  // Resolves what was used but not defined to built-in rows; what remains unknown is an error.
  void resolve(Diagnostics& diagnostics);
  size_t size() const { return variables_.size(); }
  // Whether a variable of this name, in lower case, was used or declared so far.
  bool uses(const std::string& name) const { return by_name_.find(name) != by_name_.end(); }

 private:
  Variable& find_or_add(std::string_view name);
  Realm realm_;
  std::deque<Variable> variables_;
  std::unordered_map<std::string, Variable*> by_name_;
};

// What a variable is evaluated for: a request or a stream session. Values set at run time live in slots.
class Evaluation {
 public:
  struct Slot {
    Value value;
    bool set = false;
  };
  Arena& arena() { return arena_; }
  Value get(const Variable& variable) {
    if (slots_ != nullptr && slots_[variable.index].set) { return slots_[variable.index].value; }
    Value value = variable.get(*this, variable);
    if (variable.cached) { put(variable, value); }
    return value;
  }
  // Gives the variable a value for the rest of this request.
  void put(const Variable& variable, Value value) { slot(variable.index) = {value, true}; }
  void forget(const Variable& variable) {
    if (slots_ != nullptr) { slots_[variable.index].set = false; }
  }
  // From now on what is put into either is seen by both; `with` lives at least as long.
  void share_values(Evaluation& with);
  // What `from` has now; it may end before this.
  void copy_values(const Evaluation& from);
  // Captures of the last regex that matched: $1 … $9. Null: none has, or not for these.
  const std::vector<std::string_view>* captures = nullptr;
  // Where a regex puts what it captures; `captures` points here when set.
  std::vector<std::string_view> capture_store;

 protected:
  Evaluation(Arena& arena, const VariableTable& table) : arena_(arena), table_(table) {}
  ~Evaluation() = default;

 private:
  Slot& slot(uint32_t index);
  Arena& arena_;
  const VariableTable& table_;
  Slot* slots_ = nullptr;
};

// Registers an array of rows.
class Variables {
 public:
  template <size_t N>
  explicit Variables(const VariableRow (&rows)[N]) : Variables(rows, N) {}
  Variables(const VariableRow* rows, size_t count);
  // The row for a built-in name (exact first, then the longest prefix), or null.
  static const VariableRow* find(Realm realm, std::string_view name);
  static std::vector<const VariableRow*> all(Realm realm);
};

// The getter of a variable that has only its slot.
Value no_value(Evaluation&, const Variable&);

}  // namespace sluice::conf
