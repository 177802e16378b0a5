// PCRE2 with JIT and match limits: a pattern that blows up ends with "no match" and a log line, not a stalled
// worker.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::conf {

class Regex {
 public:
  // Null on failure; `error` then says what and at which offset.
  static std::unique_ptr<Regex> compile(std::string_view pattern, bool caseless, std::string& error);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  bool matches(std::string_view subject) const;
  // As matches(); captures[0] is the whole match, [n] group n (empty when it took no part); views into
  // `subject`.
  bool match(std::string_view subject, std::vector<std::string_view>& captures) const;
  // Memory of captures that are not needed any more, for matches to come: then these need not allocate.
  static void give_back(std::vector<std::string_view> captures);
  // (name, group number) of named groups.
  const std::vector<std::pair<std::string, int>>& names() const { return names_; }
  int groups() const { return groups_; }

 private:
  Regex() = default;
  void* code_ = nullptr;
  std::vector<std::pair<std::string, int>> names_;
  int groups_ = 0;
};

}  // namespace sluice::conf
