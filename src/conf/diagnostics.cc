#include "conf/diagnostics.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace sluice::conf {

namespace {

constexpr size_t kLongestText = 500;  // a message may quote a word of the file
constexpr size_t kWidest = 160;       // bytes of a source line that are shown
constexpr size_t kBefore = 60;        // of these, at least so many before the caret

// Length of the well-formed UTF-8 sequence at the start of `text`, 0 when there is none.
size_t sequence_length(std::string_view text) {
  auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) { return 1; }
  size_t length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length == 0 || first >= 0xf5 || length > text.size()) { return 0; }
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) { return 0; }
  }
  return length;
}

// Appends `text` as it may be shown on a terminal: a file must not be able to steer it. Tabs pass.
void append_shown(std::string& out, std::string_view text) {
  while (!text.empty()) {
    size_t length = sequence_length(text);
    auto c = static_cast<unsigned char>(text[0]);
    if (length == 0 || (c < 0x20 && c != '\t') || c == 0x7f) {
      out += '?';
      length = 1;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
}

// Blanks as wide as `text` is when shown.
void append_padding(std::string& out, std::string_view text) {
  while (!text.empty()) {
    out += text[0] == '\t' ? '\t' : ' ';
    text.remove_prefix(std::max<size_t>(1, sequence_length(text)));
  }
}

size_t shown_width(std::string_view text) {
  std::string padding;
  append_padding(padding, text);
  return padding.size();
}

std::string_view source_line(const Position& at) {
  std::string_view text = at.file->text;
  for (uint32_t line = 1; line < at.line; ++line) {
    size_t end = text.find('\n');
    if (end == std::string_view::npos) { return {}; }
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) { text.remove_suffix(1); }
  return text;
}

// The line, a window of it when it is long, and the caret under it.
void append_source(std::string& out, const Position& at, uint32_t length) {
  std::string_view line = source_line(at);
  size_t column = std::min<size_t>(at.column - 1, line.size());
  size_t from = line.size() <= kWidest || column <= kBefore ? 0 : column - kBefore;
  // Not in the middle of a character; the file may hold any bytes, so only as far as one can reach.
  for (int i = 0; i < 3 && from > 0 && (static_cast<unsigned char>(line[from]) & 0xc0) == 0x80; ++i) {
    --from;
  }
  std::string_view shown = line.substr(from, kWidest);
  column -= from;
  std::string number = std::to_string(at.line);
  out += "  " + number + " | ";
  append_shown(out, shown);
  out += "\n  " + std::string(number.size(), ' ') + " | ";
  append_padding(out, shown.substr(0, column));
  out += '^';
  size_t width = shown_width(shown.substr(column, length));
  out.append(width > 1 ? width - 1 : 0, '~');
  out += '\n';
}

// A place, what there is to say of it, and its line.
void append_place(std::string& out, const Position& at, uint32_t length, const std::string& text) {
  out += "  ";
  append_shown(out, at.file->path);
  append_format(out, ":%u:%u", at.line, at.column);
  if (!text.empty()) {
    out += ": ";
    append_shown(out, text);
  }
  out += '\n';
  append_source(out, at, length);
}

void append_one(std::string& out, const Diagnostic& diagnostic) {
  out += "sluice: [";
  out += diagnostic.kind == Diagnostic::Kind::error ? "emerg" : "warn";
  out += "] " + Diagnostics::line(diagnostic) + "\n";
  const Position& at = diagnostic.at;
  if (at.file == nullptr) {
    if (!diagnostic.hint.empty()) {
      out += "  ";
      append_shown(out, diagnostic.hint);
      out += '\n';
    }
    return;
  }
  append_place(out, at, diagnostic.length, diagnostic.hint);
  for (const Related& related : diagnostic.related) {
    append_place(out, related.at, related.length, related.text);
  }
}

}  // namespace

void Diagnostics::error(const Word& at, std::string text, std::string hint) {
  add({Diagnostic::Kind::error, at.at, std::max(1u, at.length), std::move(text), std::move(hint)});
}

void Diagnostics::error(Position at, std::string text, std::string hint) {
  add({Diagnostic::Kind::error, at, 1, std::move(text), std::move(hint)});
}

void Diagnostics::warn(const Word& at, std::string text, std::string hint, std::string id) {
  add({Diagnostic::Kind::warning, at.at, std::max(1u, at.length), std::move(text), std::move(hint),
       std::move(id)});
}

void Diagnostics::silence(const std::function<bool(const Diagnostic&)>& unwanted) {
  std::erase_if(all_, [&](const Diagnostic& diagnostic) {
    return diagnostic.kind == Diagnostic::Kind::warning && unwanted(diagnostic);
  });
}

void Diagnostics::add(Diagnostic diagnostic) {
  // A file included from many places says each thing once.
  if (!told_
           .emplace(diagnostic.kind, diagnostic.at.file, diagnostic.at.line, diagnostic.at.column,
                    diagnostic.text)
           .second) {
    return;
  }
  bool error = diagnostic.kind == Diagnostic::Kind::error;
  size_t warnings = all_.size() - (std::min(errors_, most_));
  errors_ += error ? 1 : 0;
  if (error ? errors_ > most_ : warnings >= most_) {
    dropped_ += error ? 1 : 0;
    return;
  }
  all_.push_back(std::move(diagnostic));
}

std::string Diagnostics::line(const Diagnostic& diagnostic) {
  std::string out;
  std::string_view text = diagnostic.text;
  append_shown(out, text.substr(0, kLongestText));
  if (text.size() > kLongestText) { out += "..."; }
  std::replace(out.begin(), out.end(), '\t', ' ');
  if (!diagnostic.id.empty()) { out += " (" + diagnostic.id + ")"; }
  if (const SourceFile* file = diagnostic.at.file; file != nullptr) {
    out += " in ";
    append_shown(out, file->path);
    if (file->path != kCommandLine) { append_format(out, ":%u", diagnostic.at.line); }
  }
  return out;
}

std::vector<const Diagnostic*> Diagnostics::sorted() const {
  std::vector<const SourceFile*> files;
  auto place = [&files](const SourceFile* file) {
    return std::find(files.begin(), files.end(), file) - files.begin();
  };
  std::vector<const Diagnostic*> sorted;
  for (const Diagnostic& diagnostic : all_) {
    sorted.push_back(&diagnostic);
    if (place(diagnostic.at.file) == static_cast<ptrdiff_t>(files.size())) {
      files.push_back(diagnostic.at.file);
    }
  }
  std::stable_sort(sorted.begin(), sorted.end(), [&](const Diagnostic* a, const Diagnostic* b) {
    return std::tuple(place(a->at.file), a->at.line, a->at.column) <
           std::tuple(place(b->at.file), b->at.line, b->at.column);
  });
  return sorted;
}

std::string Diagnostics::render() const {
  std::string out;
  for (const Diagnostic* diagnostic : sorted()) { append_one(out, *diagnostic); }
  if (dropped_ > 0) { append_format(out, "sluice: [emerg] … and %zu more\n", dropped_); }
  return out;
}

std::string_view nearest(std::string_view wrong, const std::vector<std::string_view>& candidates) {
  constexpr size_t kLongest = 64;  // the search is quadratic in it
  if (wrong.empty() || wrong.size() > kLongest) { return {}; }
  std::string folded = to_lower(wrong);
  size_t best = wrong.size() <= 3 ? 1 : wrong.size() <= 7 ? 2 : 3;
  ++best;
  std::string_view found;
  for (std::string_view candidate : candidates) {
    size_t longer = std::max(candidate.size(), folded.size());
    size_t shorter = std::min(candidate.size(), folded.size());
    if (longer - shorter >= best) { continue; }
    size_t distance = edit_distance(folded, candidate);
    if (distance < best && distance < shorter) {
      best = distance;
      found = candidate;
    }
  }
  return found;
}

}  // namespace sluice::conf
