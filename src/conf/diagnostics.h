// What is wrong, or doubtful, in a configuration: collected over the whole run, so that one test shows every
// mistake. Each is printed as file:line:column, the source line, a caret under the word, and a hint.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "conf/tree.h"

namespace sluice::conf {

// Another place that has to do with it: where the setting stands that has no effect here.
struct Related {
  Position at;
  uint32_t length;
  std::string text;  // what is there
};

struct Diagnostic {
  enum class Kind { error, warning } kind;
  Position at;
  uint32_t length;                    // bytes to underline, at least 1
  std::string text;                   // no trailing full stop, no position
  std::string hint;                   // e.g. "did you mean \"proxy_pass\"?"; may be empty
  std::string id = {};                // by which a warning can be silenced; see conf/lint.h
  std::vector<Related> related = {};  // shown behind it
};

class Diagnostics {
 public:
  static constexpr size_t kMost = 100;  // errors kept; a file of junk must not fill the terminal

  // For who does not read them on a terminal.
  void keep_at_most(size_t most) { most_ = most; }

  void error(const Word& at, std::string text, std::string hint = {});
  void error(Position at, std::string text, std::string hint = {});
  void warn(const Word& at, std::string text, std::string hint = {}, std::string id = {});
  void add(Diagnostic diagnostic);
  // Forgets those warnings.
  void silence(const std::function<bool(const Diagnostic&)>& unwanted);
  bool failed() const { return errors_ > 0; }
  size_t error_count() const { return errors_; }
  const std::vector<Diagnostic>& all() const { return all_; }
  // In the order of a file's lines, whatever order the checks ran in; files in the order of their first
  // mistake.
  std::vector<const Diagnostic*> sorted() const;
  // Errors that were too many to be kept.
  size_t dropped() const { return dropped_; }

  // Everything collected, ready for a terminal: for each
  //   sluice: [emerg] unknown directive "proxy_pas" in /etc/sluice.conf:12
  //     /etc/sluice.conf:12:9: did you mean "proxy_pass"?
  //     12 |         proxy_pas http://backend;
  //        |         ^~~~~~~~~
  std::string render() const;
  // The one-line form for the error log.
  static std::string line(const Diagnostic& diagnostic);

 private:
  std::vector<Diagnostic> all_;
  std::set<std::tuple<Diagnostic::Kind, const SourceFile*, uint32_t, uint32_t, std::string>> told_;
  size_t most_ = kMost;
  size_t errors_ = 0;
  size_t dropped_ = 0;
};

// The candidate most like `wrong`, or empty when none is near enough to be worth naming.
std::string_view nearest(std::string_view wrong, const std::vector<std::string_view>& candidates);

}  // namespace sluice::conf
