#include "conf/parser.h"

#include <algorithm>
#include <deque>
#include <unordered_map>

#include "base/text.h"
#include "conf/lexer.h"
#include "conf/source.h"

namespace sluice::conf {

namespace {

// Includes that include each other twice per level multiply: bounded in all, as well as in depth.
constexpr size_t kMostIncludes = 100000;

// The parse of one main file or text, with all that it includes.
class Parser {
 public:
  Parser(Tree& tree, const ParseOptions& options, Diagnostics& diagnostics)
      : tree(tree), options(options), diagnostics(diagnostics) {}

  void main_file(const std::string& path);
  void text(const std::string& name, std::string text);
  // Parses what `path` names into `place`, for an include directive whose argument is `path`.
  void include(const Word& path, Node& place, size_t depth);

  Tree& tree;
  const ParseOptions& options;
  Diagnostics& diagnostics;

 private:
  SourceFile* add(const std::string& path, std::string text);
  SourceFile* load(const std::string& path, const Word& from);
  void include_one(const std::string& path, const Word& from, Node& place, size_t depth);
  void parse(const SourceFile& file, Node& place, size_t depth);
  bool is_text(const SourceFile& file);

  std::unordered_map<std::string, SourceFile*> by_path_;
  std::vector<const SourceFile*> open_;
  size_t includes_ = 0;
};

// The parse of one file into one block: the braces must be balanced within each.
class FileParser {
 public:
  FileParser(Parser& all, const SourceFile& file, Node& place, size_t depth)
      : all_(all), file_(file), lexer_(file, all.diagnostics, all.options.environment), depth_(depth) {
    blocks_.push_back({&place, true});
  }
  void run();

 private:
  struct Block {
    Node* node;
    bool first_on_line;
  };
  Node& current() { return *blocks_.back().node; }
  void semicolon();
  void open();
  void close();
  void end();
  void include();
  Node& add_directive();
  void note_indentation(const Node& closed, bool opened_first);

  Parser& all_;
  const SourceFile& file_;
  Lexer lexer_;
  size_t depth_;
  std::vector<Word> words_;
  std::vector<Block> blocks_;
  // Takes what stands where nothing sensible can. Blocks in it may be open: nodes must not move.
  std::deque<Node> trash_;
  bool first_on_line_ = false;
  bool stopped_ = false;
  std::string suspicion_;  // of a missing brace
};

void FileParser::run() {
  while (!stopped_) {
    switch (lexer_.next()) {
      case Token::word:
        if (words_.empty()) { first_on_line_ = lexer_.first_on_line(); }
        words_.push_back(std::move(lexer_.word()));
        break;
      case Token::semicolon:
        semicolon();
        break;
      case Token::open:
        open();
        break;
      case Token::close:
        close();
        break;
      case Token::end:
        end();
        return;
    }
  }
}

Node& FileParser::add_directive() {
  Node& node = current().children.emplace_back();
  node.words.assign(std::make_move_iterator(words_.begin()), std::make_move_iterator(words_.end()));
  words_.clear();
  return node;
}

void FileParser::semicolon() {
  if (lexer_.broken()) {
    words_.clear();
    lexer_.clear_broken();
  } else if (words_.empty()) {
    all_.diagnostics.error(lexer_.at(), "unexpected \";\"");
  } else if (words_[0].text == "include" && all_.options.includes != Includes::keep) {
    include();
    words_.clear();
  } else {
    add_directive();
  }
}

void FileParser::include() {
  if (words_.size() != 2) {
    all_.diagnostics.error(words_[0], "invalid number of arguments in \"include\" directive",
                           "syntax: include file | mask;");
    return;
  }
  all_.include(words_[1], current(), depth_ + blocks_.size());
}

void FileParser::open() {
  if (depth_ + blocks_.size() > all_.options.most_block_depth) {
    all_.diagnostics.error(lexer_.at(), "blocks are nested too deeply",
                           format("at most %zu levels are allowed", all_.options.most_block_depth));
    stopped_ = true;
    all_.tree.balanced = false;
    return;
  }
  if (words_.empty() || words_[0].text == "include") {
    if (!words_.empty()) {
      all_.diagnostics.error(words_[0], "directive \"include\" is not terminated by \";\"");
    } else if (!lexer_.broken()) {
      all_.diagnostics.error(lexer_.at(), "unexpected \"{\"");
    }
    words_.clear();
    blocks_.push_back({&trash_.emplace_back(), false});
  } else {
    Node& node = add_directive();
    node.block = true;
    blocks_.push_back({&node, first_on_line_});
  }
  lexer_.clear_broken();
}

void FileParser::close() {
  if (!words_.empty()) {
    all_.diagnostics.error(lexer_.at(), "unexpected \"}\"",
                           "is a \";\" missing after \"" + words_.back().text + "\"?");
    if (lexer_.broken() || words_[0].text == "include") {
      words_.clear();
    } else {
      add_directive();
    }
    lexer_.clear_broken();
  }
  if (blocks_.size() > 1) {
    Node& closed = current();
    closed.close = lexer_.at();
    if (!closed.words.empty()) { note_indentation(closed, blocks_.back().first_on_line); }
    blocks_.pop_back();
    return;
  }
  all_.diagnostics.error(lexer_.at(), "unexpected \"}\"",
                         suspicion_.empty() ? "no block is open here" : suspicion_);
  // What follows belongs to a block that was closed too early: its place is unknown.
  blocks_[0].node = &trash_.emplace_back();
  all_.tree.balanced = false;
}

// A brace that stands in another column than the directive that it closes tells, if the braces turn out not
// to match, where a person should look.
void FileParser::note_indentation(const Node& closed, bool opened_first) {
  const Word& name = closed.words[0];
  if (!suspicion_.empty() || !opened_first || !lexer_.first_on_line() || closed.close.line == name.at.line ||
      closed.close.column == name.at.column) {
    return;
  }
  suspicion_ = format("the \"}\" on line %u closes \"%.40s\" of line %u; the mistake may be there",
                      closed.close.line, name.text.c_str(), name.at.line);
}

void FileParser::end() {
  if (!words_.empty()) {
    bool command_line = file_.path == kCommandLine;
    all_.diagnostics.error(words_[0],
                           command_line ? "unexpected end of parameter, expecting \";\""
                                        : "unexpected end of file, expecting \";\" or \"}\"",
                           "this directive has no end");
  } else if (blocks_.size() > 1) {
    std::string hint = suspicion_;
    if (hint.empty() && !current().words.empty()) {
      const Word& name = current().words[0];
      hint = format("\"%.40s\" of line %u is not closed", name.text.c_str(), name.at.line);
    }
    all_.diagnostics.error(lexer_.at(), "unexpected end of file, expecting \"}\"", std::move(hint));
  }
  if (blocks_.size() > 1) { all_.tree.balanced = false; }
}

SourceFile* Parser::add(const std::string& path, std::string text) {
  tree.files.push_back(std::make_unique<SourceFile>(SourceFile{path, std::move(text)}));
  return tree.files.back().get();
}

// A file included from many places is read once.
SourceFile* Parser::load(const std::string& path, const Word& from) {
  auto [at, added] = by_path_.try_emplace(path, nullptr);
  if (!added && at->second != nullptr) { return at->second; }
  std::string text;
  std::string error;
  if (!read_source(path, text, error)) {
    if (options.includes == Includes::excuse && from.at.file != nullptr) {
      diagnostics.warn(from, std::move(error), {}, "missing-include");
    } else {
      diagnostics.error(from, std::move(error));
    }
    return nullptr;
  }
  at->second = add(path, std::move(text));
  return at->second;
}

void Parser::main_file(const std::string& path) {
  if (SourceFile* file = load(path, Word{}); file != nullptr) { parse(*file, tree.root, 0); }
}

void Parser::text(const std::string& name, std::string text) {
  parse(*add(name, std::move(text)), tree.root, 0);
}

void Parser::include(const Word& path, Node& place, size_t depth) {
  std::vector<std::string> paths;
  std::string error;
  bool excuse = options.includes == Includes::excuse;
  auto find = excuse ? moved_paths : included_paths;
  if (!find(options.include_base, path.text, paths, error)) {
    diagnostics.error(path, std::move(error));
    return;
  }
  if (paths.empty() && excuse) {
    diagnostics.warn(path, "no file matches \"" + path.text + "\"", {}, "missing-include");
  }
  for (const std::string& one : paths) { include_one(one, path, place, depth); }
}

void Parser::include_one(const std::string& path, const Word& from, Node& place, size_t depth) {
  if (++includes_ > kMostIncludes) {
    diagnostics.error(from, format("more than %zu files are included", kMostIncludes));
    return;
  }
  bool inside_itself =
      std::any_of(open_.begin(), open_.end(), [&](const SourceFile* open) { return open->path == path; });
  if (inside_itself) {
    diagnostics.error(from, "file \"" + path + "\" includes itself");
    return;
  }
  if (open_.size() > options.most_depth) {
    diagnostics.error(from, format("includes are nested more than %zu deep", options.most_depth));
    return;
  }
  if (SourceFile* file = load(path, from); file != nullptr) { parse(*file, place, depth); }
}

bool Parser::is_text(const SourceFile& file) {
  size_t at = file.text.find('\0');
  if (at == std::string::npos) { return true; }
  auto line = static_cast<uint32_t>(1 + std::count(file.text.begin(), file.text.begin() + at, '\n'));
  size_t line_start = at == 0 ? 0 : file.text.rfind('\n', at - 1) + 1;
  Position position{&file, line, static_cast<uint32_t>(at - line_start + 1)};
  bool wide = file.text.starts_with("\xFF\xFE") || file.text.starts_with("\xFE\xFF");
  diagnostics.error(position, "unexpected NUL character",
                    wide ? "the file is UTF-16; save it as UTF-8" : "this is no text file");
  return false;
}

void Parser::parse(const SourceFile& file, Node& place, size_t depth) {
  if (!is_text(file)) {
    tree.balanced = false;
    return;
  }
  open_.push_back(&file);
  FileParser(*this, file, place, depth).run();
  open_.pop_back();
}

}  // namespace

Tree parse_file(const std::string& path, const ParseOptions& options, Diagnostics& diagnostics) {
  Tree tree;
  tree.root.block = true;
  Parser(tree, options, diagnostics).main_file(path);
  return tree;
}

void parse_text(Tree& tree, const std::string& name, std::string text, const ParseOptions& options,
                Diagnostics& diagnostics) {
  tree.root.block = true;
  Parser(tree, options, diagnostics).text(name, std::move(text));
}

}  // namespace sluice::conf
