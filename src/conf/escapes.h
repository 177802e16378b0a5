// What the bytes of a word stand for: backslash escapes, and values from the environment.
//
//   ${env:NAME}            the value of NAME; unset is a mistake
//   ${env:NAME:-default}   the default when NAME is unset or empty
//   \${env:                these very characters
//
// A value is text whatever is in it: no quote, blank, semicolon or $ in it has a meaning.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::conf {

enum class Environment : uint8_t {
  replace,
  keep,  // references stay as they are: for who looks at a text and does not run it
};

struct Mistake {
  size_t offset, length;  // in the raw text
  std::string text, hint;
};

struct Resolved {
  std::string text;
  std::vector<uint32_t> plain_dollars;  // offsets of those in `text` that start no variable; ascending
  std::optional<Mistake> mistake;       // the first
};

// Of a word without its quotes.
Resolved resolve_escapes(std::string_view raw, Environment environment);

inline constexpr std::string_view kEnvironmentMark = "${env:";

}  // namespace sluice::conf
