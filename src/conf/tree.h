// The configuration as written: directives with their words, blocks nested, every word with its place in a
// file. Produced by the parser, consumed once by build; nothing here knows what a directive means.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::conf {

// The name of the "file" that holds the directives of the option -g.
inline constexpr std::string_view kCommandLine = "command line";

struct SourceFile {
  std::string path;  // as opened: absolute, or relative to the folder that include resolution gave
  std::string text;
};

// A place in a file. Lines and columns count from 1; a column is a byte.
struct Position {
  const SourceFile* file = nullptr;
  uint32_t line = 0;
  uint32_t column = 0;
};

struct Word {
  std::string text;     // quotes, escapes and ${env:…} resolved
  Position at;          // first byte, the opening quote included
  uint32_t length = 0;  // bytes in the source, quotes included
  bool quoted = false;
  // Offsets in `text` of each $ that starts no variable: it came from the environment. Null: there is none.
  std::shared_ptr<const std::vector<uint32_t>> plain_dollars = nullptr;
};

struct Node {
  std::vector<Word> words;     // words[0] is the directive's name
  bool block = false;          // ended by { … } and not by ;
  std::vector<Node> children;  // of a block, includes resolved in place
  Position close;              // of a block: its }

  const std::string& name() const { return words[0].text; }
  size_t argument_count() const { return words.size() - 1; }
  const std::string& argument(size_t i) const { return words[i + 1].text; }
  const Word& argument_word(size_t i) const { return words[i + 1]; }
};

struct Tree {
  std::vector<std::unique_ptr<SourceFile>> files;  // in the order of first reading; files[0] is the main one
  Node root;                                       // a block without words
  bool balanced = true;  // false: braces did not match, so what stands where is a guess
};

}  // namespace sluice::conf
