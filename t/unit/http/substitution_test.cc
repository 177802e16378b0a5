#include "http/substitution.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/text.h"

namespace sluice::http {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

class Words final : public Replacements {
 public:
  explicit Words(const Pairs& pairs) : pairs_(pairs) {}
  string_view replacement(size_t i) override { return pairs_[i].second; }

 private:
  const Pairs& pairs_;
};

// In pieces that end at these places.
std::string replaced(const std::string& text, const Pairs& pairs, bool once, std::vector<size_t> ends = {}) {
  Arena arena;
  std::vector<string_view> words;
  for (const auto& pair : pairs) { words.push_back(pair.first); }
  Patterns patterns(words.data(), words.size());
  Words with(pairs);
  Substitution work(arena, patterns, with, once);
  Chain out;
  size_t from = 0;
  ends.push_back(text.size());
  for (size_t end : ends) {
    Chain in;
    in.append(string_view(text).substr(from, end - from));
    from = end;
    work.push(in, end == text.size(), out);
  }
  std::string made;
  for (size_t i = 0; i < out.slices(); ++i) { made.append(out.at(i).data, out.at(i).size); }
  return made;
}

std::string plainly_replaced(const std::string& text, const Pairs& pairs, bool once) {
  std::vector<bool> used(pairs.size());
  std::string made;
  for (size_t at = 0; at < text.size();) {
    size_t found = pairs.size();
    for (size_t i = pairs.size(); i-- > 0;) {
      const std::string& word = pairs[i].first;
      if (!used[i] && !word.empty() && istarts_with(string_view(text).substr(at), word)) { found = i; }
    }
    if (found == pairs.size()) {
      made += text[at++];
      continue;
    }
    made += pairs[found].second;
    at += pairs[found].first.size();
    used[found] = once;
  }
  return made;
}

TEST(Substitution, the_first_of_the_list_wins) {
  EXPECT_EQ(replaced("xabcdx ABC aab", {{"ab", "X"}, {"abc", "YY"}}, false), "xXcdx XC aX");
  EXPECT_EQ(replaced("xabcdx ABC aab", {{"abc", "YY"}, {"ab", "X"}}, false), "xYYdx YY aX");
}

TEST(Substitution, the_leftmost_wins) {
  EXPECT_EQ(replaced("xabcdx", {{"bc", "B"}, {"abc", "A"}}, false), "xAdx");
}

TEST(Substitution, once_is_once_for_each_word) {
  EXPECT_EQ(replaced("xabcdx ABC aab", {{"a", "A"}, {"a", "C"}, {"b", ""}}, true), "xAcdx CBC aab");
}

TEST(Substitution, nothing_is_kept_that_cannot_become_a_word) {
  Arena arena;
  string_view word = "abc";
  Patterns patterns(&word, 1);
  Pairs pairs = {{"abc", "X"}};
  Words with(pairs);
  Substitution work(arena, patterns, with, false);
  Chain in, out;
  in.append("xxab");
  work.push(in, false, out);
  EXPECT_EQ(out.size(), 2u);
  in.append("dxx");
  work.push(in, false, out);
  EXPECT_EQ(out.size(), 7u);
}

TEST(Substitution, pieces_make_no_difference) {
  std::mt19937 random(7);
  auto some = [&](size_t most) {
    std::string text(random() % (most + 1), ' ');
    for (char& c : text) { c = "abcAB"[random() % 5]; }
    return text;
  };
  for (int round = 0; round < 20'000; ++round) {
    Pairs pairs;
    bool any = false;
    for (size_t i = 0, count = random() % 4 + 1; i < count; ++i) {
      pairs.push_back({some(5), some(3)});
      any = any || !pairs.back().first.empty();
    }
    if (!any) { continue; }
    std::string text = some(30);
    std::vector<size_t> ends;
    for (size_t at = random() % 4 + 1; at < text.size(); at += random() % 6 + 1) { ends.push_back(at); }
    bool once = random() % 2 == 0;
    ASSERT_EQ(replaced(text, pairs, once, ends), plainly_replaced(text, pairs, once)) << text;
  }
}

TEST(Substitution, many_words_are_few_slices) {
  Arena arena;
  string_view word = "a";
  Patterns patterns(&word, 1);
  Pairs pairs = {{"a", "bc"}};
  Words with(pairs);
  Substitution work(arena, patterns, with, false);
  std::string text;
  for (int i = 0; i < 10'000; ++i) { text += "a-"; }
  Chain in, out;
  in.append(text);
  work.push(in, true, out);
  EXPECT_EQ(out.size(), 30'000u);
  EXPECT_LE(out.slices(), 8u);
}

TEST(Substitution, words_of_any_length) {
  std::string word(300, 'q');
  std::string text = "aa" + word + word + "q";
  EXPECT_EQ(replaced(text, {{word, "!"}}, false, {5, 100, 301, 400}), "aa!!q");
}

}  // namespace
}  // namespace sluice::http
