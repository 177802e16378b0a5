#include "cli/line_difference.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/text.h"

namespace sluice::cli {

namespace {

constexpr size_t kContext = 3;
constexpr size_t kMostCells = 25'000'000;  // of the table; larger differences are shown as one

using Lines = std::vector<std::string_view>;

struct Edit {
  char kind;  // ' ', '-' or '+'
  std::string_view line;
};

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

// What differs between the ends that are the same: by the longest common subsequence.
void append_middle(std::vector<Edit>& edits, const Lines& a, const Lines& b, size_t start, size_t a_end,
                   size_t b_end) {
  size_t rows = a_end - start, columns = b_end - start;
  std::vector<uint32_t> common;
  bool small = (rows + 1) <= kMostCells / (columns + 1);
  if (small) {
    common.assign((rows + 1) * (columns + 1), 0);
    for (size_t i = rows; i-- > 0;) {
      for (size_t j = columns; j-- > 0;) {
        size_t at = i * (columns + 1) + j;
        common[at] = a[start + i] == b[start + j] ? common[at + columns + 2] + 1
                                                  : std::max(common[at + columns + 1], common[at + 1]);
      }
    }
  }
  size_t i = 0, j = 0;
  while (small && i < rows && j < columns) {
    size_t at = i * (columns + 1) + j;
    if (a[start + i] == b[start + j]) {
      edits.push_back({' ', a[start + i++]});
      ++j;
    } else if (common[at + columns + 1] >= common[at + 1]) {
      edits.push_back({'-', a[start + i++]});
    } else {
      edits.push_back({'+', b[start + j++]});
    }
  }
  while (i < rows) { edits.push_back({'-', a[start + i++]}); }
  while (j < columns) { edits.push_back({'+', b[start + j++]}); }
}

std::vector<Edit> edits_of(const Lines& a, const Lines& b) {
  size_t start = 0;
  while (start < a.size() && start < b.size() && a[start] == b[start]) { ++start; }
  size_t a_end = a.size(), b_end = b.size();
  while (a_end > start && b_end > start && a[a_end - 1] == b[b_end - 1]) { --a_end, --b_end; }
  std::vector<Edit> edits;
  for (size_t i = 0; i < start; ++i) { edits.push_back({' ', a[i]}); }
  append_middle(edits, a, b, start, a_end, b_end);
  for (size_t i = a_end; i < a.size(); ++i) { edits.push_back({' ', a[i]}); }
  return edits;
}

// A hunk is [from, to) of the edits; `line_a` and `line_b` are the lines it begins at, from 0.
void append_hunk(std::string& out, const std::vector<Edit>& edits, size_t from, size_t to, size_t line_a,
                 size_t line_b) {
  size_t count_a = 0, count_b = 0;
  for (size_t i = from; i < to; ++i) {
    count_a += edits[i].kind != '+' ? 1 : 0;
    count_b += edits[i].kind != '-' ? 1 : 0;
  }
  append_format(out, "@@ -%zu,%zu +%zu,%zu @@\n", line_a + (count_a > 0 ? 1 : 0), count_a,
                line_b + (count_b > 0 ? 1 : 0), count_b);
  for (size_t i = from; i < to; ++i) {
    out += edits[i].kind;
    out += edits[i].line;
    if (!edits[i].line.ends_with('\n')) { out += "\n\\ No newline at end of file\n"; }
  }
}

}  // namespace

std::string line_difference(std::string_view before, std::string_view after, const std::string& name_before,
                            const std::string& name_after) {
  if (before == after) { return {}; }
  Lines a = lines_of(before), b = lines_of(after);
  std::vector<Edit> edits = edits_of(a, b);
  std::string out = "--- " + name_before + "\n+++ " + name_after + "\n";
  size_t line_a = 0, line_b = 0, done = 0;
  auto pass = [&](size_t to) {
    for (; done < to; ++done) {
      line_a += edits[done].kind != '+' ? 1 : 0;
      line_b += edits[done].kind != '-' ? 1 : 0;
    }
  };
  for (size_t i = 0; i < edits.size(); ++i) {
    if (edits[i].kind == ' ') { continue; }
    size_t from = std::max(done, i > kContext ? i - kContext : 0);
    size_t last = i;
    for (size_t j = i; j < edits.size() && j <= last + 2 * kContext + 1; ++j) {
      if (edits[j].kind != ' ') { last = j; }
    }
    size_t to = std::min(edits.size(), last + kContext + 1);
    pass(from);
    append_hunk(out, edits, from, to, line_a, line_b);
    pass(to);
    i = to - 1;
  }
  return out;
}

}  // namespace sluice::cli
