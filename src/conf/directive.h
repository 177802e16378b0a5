// One directive is one row of a module's table: its name, where it may stand, what it sets, and its manual
// text.
//
//   struct GzipSettings { bool on = false; Size min_length{20}; };
//   static const conf::Module<GzipSettings> module("gzip", {
//       {"gzip", kHttp | kServer | kLocation, &GzipSettings::on, "on | off", "Enables …"},
//       {"gzip_types", kHttp | kServer | kLocation, conf::arguments(1, conf::kAny), set_types, "mime-type …",
//       "…"},
//   });
//
// Defaults are the members' initialisers. Inheritance needs no code: a block's settings are its parent's
// until a directive of that module stands in the block; then the block gets its own copy to change. A setter
// for a list asks scope.first_in_block(row) to know when to drop what was inherited.
#pragma once

#include <bitset>
#include <functional>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <vector>

#include "base/arena.h"
#include "base/registry.h"
#include "conf/diagnostics.h"
#include "conf/tree.h"
#include "conf/value.h"

namespace sluice::conf {

class Build;
class Scope;

// Where a directive may stand.
enum Context : uint32_t {
  kMain = 1 << 0,
  kEvents = 1 << 1,
  kHttp = 1 << 2,
  kServer = 1 << 3,
  kLocation = 1 << 4,
  kServerIf = 1 << 5,
  kLocationIf = 1 << 6,
  kLimitExcept = 1 << 7,
  kUpstream = 1 << 8,
  kStream = 1 << 9,
  kStreamServer = 1 << 10,
  kStreamUpstream = 1 << 11,
};
inline constexpr uint32_t kHttpServerLocation = kHttp | kServer | kLocation;
std::string context_names(uint32_t contexts);  // "http, server, location"

inline constexpr uint16_t kAny = 0xffff;
struct Arguments {
  uint16_t least, most;
};
constexpr Arguments arguments(uint16_t least, uint16_t most) { return {least, most}; }
constexpr Arguments arguments(uint16_t exactly) { return {exactly, exactly}; }

enum class Form : uint8_t {
  simple,  // name words ;
  block,   // name words { … } read by its own setter (types, map, upstream): applied with the simple ones
  structural,  // server, location, if: applied after everything else in the block, so that they inherit all
               // of it
};

// Settings that children see (almost all), or that hold for one block alone (a location's content handler).
enum class Inherit : uint8_t { yes, no };

struct Row {
  using Set = std::function<void(Build&, Scope&, const Node&, const Row&)>;

  std::string name;
  uint32_t contexts;
  Arguments count;
  Form form;
  bool repeats;  // may stand more than once in a block
  Set set;
  const char* syntax;  // of the arguments, as the manual prints it
  const char* manual;  // one or more sentences
  const char* default_text = "";
  const char* module = "";
  // What someone who comes from nginx must know: what this directive does otherwise there, or that it has no
  // effect here. Empty: the same.
  const char* difference = "";
};

// Type-erased description of one module's settings.
struct ModuleInfo {
  std::string name;
  size_t slot;  // index in a Settings
  Inherit inherit;
  std::vector<Row> rows;
  void* (*make)(Arena&);
  void* (*copy)(Arena&, const void*);
};

// All modules, in slot order.
std::vector<ModuleInfo*>& modules();
// The row for `name` in any of `contexts`; null when there is none. `known` tells whether the name exists
// elsewhere.
const Row* find_row(std::string_view name, uint32_t context, bool* known_elsewhere);
// All contexts in which a directive of this name may stand; 0 when there is none.
uint32_t contexts_of(std::string_view name);
// "syntax: gzip on | off;", for hints.
std::string syntax_of(const Row& row);

// The settings in force in one block: one pointer per module, shared with the parent until changed.
class Settings {
 public:
  template <class T>
  const T& get() const;
  const void* raw(size_t slot) const { return slots_[slot]; }

 private:
  friend class Scope;
  void** slots_ = nullptr;
};

// One block while it is being built.
class Scope {
 public:
  Scope(Build& build, Context context, Scope* parent);

  Context context() const { return context_; }
  Scope* parent() const { return parent_; }
  Build& build() const { return build_; }
  // The settings as they stand; final once the block is built. The pointers stay valid as long as the config.
  const Settings& settings() const { return settings_; }
  template <class T>
  const T& get() const {
    return settings_.get<T>();
  }
  // The block's own copy of a module's settings, made on first use.
  template <class T>
  T& own();
  void* own(const ModuleInfo& module);
  // True while the row is applied for the first time in this block.
  bool first_in_block(const Row& row) const { return count(row) <= 1; }
  int count(const Row& row) const;
  void counted(const Row& row);
  // Runs once the simple directives of the block were applied, in its turn among the inner blocks: for a
  // block that inherits all of them, but must know its place between them.
  void put_off(std::function<void()> work) { put_off_.push_back(std::move(work)); }
  // What the block builds (a server, a location, an upstream), for its own setters.
  void* object = nullptr;

 private:
  friend class Build;
  static constexpr size_t kMostModules = 256;
  using Slots = std::bitset<kMostModules>;
  void inherit();
  void** copy_slots();

  Build& build_;
  Context context_;
  Scope* parent_;
  Settings settings_;
  // The slots are the parent's, array and all, until something is set here.
  bool shares_slots_ = true;
  Slots owned_;
  std::vector<std::pair<const Row*, int>> seen_;
  std::vector<std::function<void()>> put_off_;
};

// Parse of one word into a member's type. Specialised in value_parse.h; `expected` names what would be right.
template <class T>
struct ValueOf;

template <>
struct ValueOf<bool> {
  static constexpr const char* expected = "\"on\" or \"off\"";
  static std::optional<bool> parse(std::string_view t) { return parse_flag(t); }
};
template <>
struct ValueOf<Size> {
  static constexpr const char* expected = "a size such as 512, 8k or 1m";
  static std::optional<Size> parse(std::string_view t) { return parse_size(t); }
};
template <>
struct ValueOf<Milliseconds> {
  static constexpr const char* expected = "a time such as 500ms, 30s or 1h";
  static std::optional<Milliseconds> parse(std::string_view t) { return parse_milliseconds(t); }
};
template <>
struct ValueOf<Seconds> {
  static constexpr const char* expected = "a time such as 30s or 1h";
  static std::optional<Seconds> parse(std::string_view t) { return parse_seconds(t); }
};
template <>
struct ValueOf<uint64_t> {
  static constexpr const char* expected = "a number";
  static std::optional<uint64_t> parse(std::string_view t) { return parse_number(t); }
};
template <>
struct ValueOf<uint32_t> {
  static constexpr const char* expected = "a number";
  static std::optional<uint32_t> parse(std::string_view t) {
    auto value = parse_number(t);
    if (!value || *value > UINT32_MAX) { return std::nullopt; }
    return static_cast<uint32_t>(*value);
  }
};
template <>
struct ValueOf<std::string> {
  static constexpr const char* expected = "text";
  static std::optional<std::string> parse(std::string_view t) { return std::string(t); }
};

// Reports that argument `i` is not what was expected, naming the directive and its syntax.
void invalid_value(Build& build, const Node& node, size_t argument, const Row& row, const char* expected);

template <class T>
class Module {
 public:
  // A row under construction: sets a member, or calls a function of the module.
  class RowSpec {
   public:
    // A member set from the one argument.
    template <class M>
    RowSpec(const char* name, uint32_t contexts, M T::*member, const char* syntax, const char* manual,
            const char* default_text = "", const char* difference = "")
        : row{name,   contexts, arguments(1), Form::simple, false,     {},
              syntax, manual,   default_text, "",           difference} {
      row.set = [member](Build& build, Scope& scope, const Node& node, const Row& self) {
        auto value = ValueOf<M>::parse(node.argument(0));
        if (!value) {
          invalid_value(build, node, 0, self, ValueOf<M>::expected);
          return;
        }
        scope.own<T>().*member = std::move(*value);
      };
    }
    // A function: void set(Build&, Scope&, const Node&, const Row&). It calls scope.own<T>() when it changes
    // them.
    RowSpec(const char* name, uint32_t contexts, Arguments count, Row::Set set, const char* syntax,
            const char* manual, const char* default_text = "", const char* difference = "")
        : row{name,   contexts, count,        Form::simple, false,     std::move(set),
              syntax, manual,   default_text, "",           difference} {}
    RowSpec&& block() && {
      row.form = Form::block;
      return std::move(*this);
    }
    RowSpec&& structural() && {
      row.form = Form::structural;
      row.repeats = true;
      return std::move(*this);
    }
    // A structural block that may stand only once.
    RowSpec&& once_structural() && {
      row.form = Form::structural;
      return std::move(*this);
    }
    RowSpec&& repeating() && {
      row.repeats = true;
      return std::move(*this);
    }
    Row row;
  };

  Module(const char* name, std::initializer_list<RowSpec> rows, Inherit inherit = Inherit::yes) {
    info().name = name;
    info().inherit = inherit;
    info().make = [](Arena& arena) -> void* { return arena.own<T>(); };
    info().copy = [](Arena& arena, const void* from) -> void* {
      return arena.own<T>(*static_cast<const T*>(from));
    };
    for (const RowSpec& spec : rows) {
      info().rows.push_back(spec.row);
      info().rows.back().module = name;
    }
  }
  static ModuleInfo& info() {
    static ModuleInfo* registered = [] {
      auto* made = new ModuleInfo{};
      made->slot = slot_ = modules().size();
      modules().push_back(made);
      return made;
    }();
    return *registered;
  }
  // Known once the module's table has been registered, which is before main().
  static size_t slot() { return slot_; }

 private:
  static inline constinit size_t slot_ = SIZE_MAX;
};

template <class T>
const T& Settings::get() const {
  return *static_cast<const T*>(slots_[Module<T>::slot()]);
}

template <class T>
T& Scope::own() {
  return *static_cast<T*>(own(Module<T>::info()));
}

}  // namespace sluice::conf
