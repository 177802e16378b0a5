// What the lexer skips between two tokens: blanks and comments.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::conf {

struct Comment {
  std::string_view text;  // from # on, without blanks at its end
  size_t newlines;        // since what stands before it
};

// Calls visit(Comment) for each comment in `gap`, the text between two tokens; `newlines` becomes how many
// follow the last of them.
template <class Visit>
void each_comment(std::string_view gap, Visit visit, size_t& newlines) {
  newlines = 0;
  for (size_t i = 0; i < gap.size(); ++i) {
    if (gap[i] == '\n') { ++newlines; }
    if (gap[i] != '#') { continue; }
    size_t end = gap.find('\n', i);
    std::string_view text = gap.substr(i, end == std::string_view::npos ? end : end - i);
    i += text.size() - 1;
    text = text.substr(0, text.find_last_not_of(" \t\r\v\f") + 1);
    visit(Comment{text, newlines});
    newlines = 0;
  }
}

}  // namespace sluice::conf
