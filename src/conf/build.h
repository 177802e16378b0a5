// Tree to structures. Each block is a Scope; its simple directives are applied first, then its structural
// blocks, so the order in which a person writes them does not matter for inheritance.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "conf/directive.h"
#include "conf/variable.h"

namespace sluice::conf {

// Where files are looked for: files named in the configuration are relative to its folder, logs and temporary
// files to the prefix.
struct Paths {
  std::string prefix;       // ends with /
  std::string conf_path;    // absolute
  std::string conf_prefix;  // folder of conf_path, ends with /
  std::string from_conf(std::string_view path) const;
  std::string from_prefix(std::string_view path) const;
};

// The running configuration: owns everything that the build made. Immutable once built; a generation's
// workers keep it until they exit.
struct Config {
  Paths paths;
  // Read for what it says, perhaps not on the machine that it is meant for: users and host names need not be
  // there.
  bool elsewhere = false;
  Arena arena;
  Settings main;
  VariableTable http_variables{Realm::http};
  VariableTable stream_variables{Realm::stream};
  VariableTable& variables(Realm realm) { return realm == Realm::http ? http_variables : stream_variables; }
  // Objects that features share by name and type ("upstream", "cache zone" …); found with Build::shared.
  std::unordered_map<std::string, void*> named;
  // Null: nothing has made it.
  template <class T>
  T* find(const std::string& kind, const std::string& name = {}) const {
    auto at = named.find(kind + '\0' + name);
    return at == named.end() ? nullptr : static_cast<T*>(at->second);
  }
  // Made on first use.
  template <class T>
  T* shared(const std::string& kind, const std::string& name = {}) {
    void*& place = named[kind + '\0' + name];
    if (place == nullptr) { place = arena.own<T>(); }
    return static_cast<T*>(place);
  }
};

// Told what is applied where, by who wants to know where a setting came from; a server that runs has none.
class BuildObserver {
 public:
  virtual ~BuildObserver() = default;
  virtual void begin(const Scope& scope, const Node& block) = 0;
  virtual void applied(const Row& row, const Node& node) = 0;
  virtual void end() = 0;
};

class Build {
 public:
  Build(Config& config, Diagnostics& diagnostics) : config(config), diagnostics(diagnostics) {}

  // Builds the whole tree: applies, then runs what was put off, then resolves the variables. The tree must
  // live at least as long as the diagnostics are read.
  void run(const Tree& tree);
  // Applies the children of a block to `scope`: simple ones, then structural ones.
  void children(Scope& scope, const Node& block);
  // Runs after the whole tree was applied, in the order of the calls: what refers to names declared anywhere.
  // The scopes are gone by then; nodes and settings live.
  void later(std::function<void()> work) { later_.push_back(std::move(work)); }

  // An object that several directives refer to by name; made once per (kind, name).
  template <class T>
  T* shared(const std::string& kind, const std::string& name) {
    return config.shared<T>(kind, name);
  }
  template <class T>
  T* find(const std::string& kind, const std::string& name) const {
    return config.find<T>(kind, name);
  }

  // "name=time" in seconds: true when `word` is that; its milliseconds go to `out`, or it is an error.
  bool seconds_parameter(const Word& word, std::string_view name, uint64_t& out);

  void error(const Word& at, std::string text, std::string hint = {}) {
    diagnostics.error(at, std::move(text), std::move(hint));
  }
  Arena& arena() { return config.arena; }

  Config& config;
  Diagnostics& diagnostics;
  BuildObserver* observer = nullptr;

 private:
  friend class Scope;
  const Row* accept(Scope& scope, const Node& node);
  void unknown(const Scope& scope, const Node& node, bool known_elsewhere);
  bool well_formed(const Node& node, const Row& row);
  void doubt(const Scope& scope, const Node& node);
  void wrong_count(const Node& node, const Row& row);
  void** defaults();
  std::vector<std::function<void()>> later_;
  void** defaults_ = nullptr;  // one of each module's settings as its initialisers make them
  bool balanced_ = true;
};

}  // namespace sluice::conf
