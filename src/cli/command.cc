#include "cli/command.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/text.h"
#include "cli/options.h"

namespace sluice::cli {

namespace {

std::string help_of(const std::string& usage, const std::string& about, const std::vector<Option>& options) {
  std::string out = "Usage: sluice " + usage + "\n\n" + about + "\n\nOptions:\n";
  size_t widest = strlen("--help");
  auto shown = [](const Option& option) {
    return std::string(option.name) + (*option.argument != '\0' ? " " : "") + option.argument;
  };
  for (const Option& option : options) { widest = std::max(widest, shown(option).size()); }
  for (const Option& option : options) {
    append_format(out, "  %-*s  %s\n", static_cast<int>(widest), shown(option).c_str(), option.manual);
  }
  append_format(out, "  %-*s  %s\n", static_cast<int>(widest), "--help", "print this");
  return out;
}

// Walks over the words of one command line.
class Reader {
 public:
  Reader(const std::vector<std::string>& arguments, const std::vector<Option>& options,
         std::vector<std::string>& words)
      : arguments_(arguments), options_(options), words_(words) {}

  bool help() const {
    auto end = std::find(arguments_.begin(), arguments_.end(), "--");
    return std::any_of(arguments_.begin(), end,
                       [](const std::string& it) { return it == "--help" || it == "-h"; });
  }

  // What is wrong; empty when nothing is.
  std::string read() {
    for (; at_ < arguments_.size(); ++at_) {
      const std::string& word = arguments_[at_];
      if (word == "--") {
        words_.insert(words_.end(), arguments_.begin() + static_cast<ptrdiff_t>(at_) + 1, arguments_.end());
        break;
      }
      if (word == "-" || !word.starts_with('-')) {
        words_.push_back(word);
        continue;
      }
      if (std::string wrong = take(word); !wrong.empty()) { return wrong; }
    }
    return {};
  }

 private:
  std::string take(const std::string& word) {
    for (const Option& option : options_) {
      std::string_view rest = word;
      std::string_view name = option.name;
      if (!rest.starts_with(name)) { continue; }
      rest.remove_prefix(name.size());
      bool separate = rest.empty();
      if (option.flag != nullptr) {
        if (!separate) { continue; }
        *option.flag = true;
        return {};
      }
      if (name.starts_with("--")) {
        if (!separate && rest[0] != '=') { continue; }
        if (!separate) { rest.remove_prefix(1); }
      }
      if (separate) {
        if (++at_ == arguments_.size()) {
          return "option \"" + std::string(name) + "\" requires " + option.argument;
        }
        rest = arguments_[at_];
      }
      if (option.value != nullptr) {
        *option.value = rest;
      } else {
        option.values->emplace_back(rest);
      }
      return {};
    }
    return "invalid option: \"" + word + "\"";
  }

  const std::vector<std::string>& arguments_;
  const std::vector<Option>& options_;
  std::vector<std::string>& words_;
  size_t at_ = 0;
};

}  // namespace

const CommandRow* find_command(const std::string& name) {
  const CommandRow* found = nullptr;
  Registry<const CommandRow>::each([&](const CommandRow& row) {
    if (row.name == name) { found = &row; }
  });
  return found;
}

std::vector<const CommandRow*> all_commands() {
  std::vector<const CommandRow*> all;
  Registry<const CommandRow>::each([&](const CommandRow& row) { all.push_back(&row); });
  std::sort(all.begin(), all.end(),
            [](const CommandRow* a, const CommandRow* b) { return strcmp(a->name, b->name) < 0; });
  return all;
}

bool read_arguments(const std::vector<std::string>& arguments, const std::string& usage,
                    const std::string& about, const std::vector<Option>& options,
                    std::vector<std::string>& words, int& code) {
  Reader reader(arguments, options, words);
  if (reader.help()) {
    print(help_of(usage, about, options));
    code = 0;
    return false;
  }
  std::string wrong = reader.read();
  if (wrong.empty()) { return true; }
  code = say_usage(wrong + "\nUsage: sluice " + usage);
  return false;
}

std::vector<Option> ConfigurationOptions::with(std::vector<Option> more) {
  more.push_back({"-c", "FILE", "read this configuration", nullptr, &conf});
  more.push_back({"-p", "PREFIX", "the folder that other paths are relative to", nullptr, &prefix});
  more.push_back(
      {"-g", "DIRECTIVES", "directives that stand before those of the file", nullptr, &directives});
  return more;
}

os::Invocation ConfigurationOptions::invocation(const char* binary) const {
  Options options;
  options.conf = conf;
  options.prefix = prefix;
  options.directives = directives;
  return invocation_of(options, 1, &binary);
}

bool known_format(const std::string& format, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), format) != known.end()) { return true; }
  std::string all;
  for (const std::string& one : known) { all += (all.empty() ? "" : ", ") + one; }
  say_usage("unknown format \"" + format + "\"; it is one of: " + all);
  return false;
}

int say_usage(const std::string& what) {
  fprintf(stderr, "sluice: %s\n", what.c_str());
  return kUsageError;
}

void print(const std::string& text) { fwrite(text.data(), 1, text.size(), stdout); }

}  // namespace sluice::cli
