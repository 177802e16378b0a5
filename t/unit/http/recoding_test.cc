#include "http/recoding.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sluice::http {
namespace {

std::string text_of(const Chain& chain) {
  std::string text;
  for (size_t i = 0; i < chain.slices(); ++i) { text.append(chain.at(i).data, chain.at(i).size); }
  return text;
}

std::string recoded(const Recoding& recoding, const std::string& text, size_t piece = 1000) {
  Recoder recoder(recoding);
  Chain out;
  for (size_t at = 0; at < text.size(); at += piece) { recoder.push(text.substr(at, piece), false, out); }
  recoder.push({}, true, out);
  return text_of(out);
}

Recoding from_utf8() {
  Recoding recoding(Recoding::Kind::from_utf8);
  recoding.map_from_utf8(0x44e, 0xc0);
  recoding.map_from_utf8(0x430, 0xc1);
  recoding.map_from_utf8(0xc4, 0x41);
  recoding.finish();
  return recoding;
}

TEST(Recoding, bytes) {
  Recoding recoding(Recoding::Kind::bytes);
  recoding.map_byte(0xc0, 0xfe);
  recoding.map_byte('b', 'B');
  EXPECT_EQ(recoded(recoding, "ab\xc0\xc1z"), "aB\xfe?z");
}

TEST(Recoding, to_utf8) {
  Recoding recoding(Recoding::Kind::to_utf8);
  recoding.map_to_utf8(0xc0, "\xd1\x8e");
  recoding.map_to_utf8(0xc1, "\xe2\x82\xac");
  EXPECT_EQ(recoded(recoding, "a\xc0\xc1\xc2"), "a\xd1\x8e\xe2\x82\xac?");
}

TEST(Recoding, from_utf8_whatever_the_pieces) {
  std::string text = "A\xd1\x8e\xd0\xb0\xd0\xb1\xc3\x84\xe2\x82\xac\xff\xd1z\xf0\x9f\x98\x80\xd1";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    EXPECT_EQ(recoded(from_utf8(), text, piece), "A\xc0\xc1&#1073;A&#8364;??z&#128512;?") << piece;
  }
}

TEST(Recoding, ill_formed_utf8) {
  for (const char* bad : {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xfe"}) {
    for (size_t piece : {1, 2, 9}) {
      std::string got = recoded(from_utf8(), std::string(bad) + "z", piece);
      EXPECT_EQ(got.find_first_not_of('?'), got.size() - 1) << got;
      EXPECT_EQ(got.back(), 'z');
    }
  }
}

TEST(Recoding, any_bytes_in_any_pieces) {
  std::mt19937 random(3);
  Recoding recoding = from_utf8();
  for (int round = 0; round < 3000; ++round) {
    std::string text(random() % 40, ' ');
    for (char& c : text) { c = "\xd1\x8e\xe2\x82\xac\xf0\x9f\x98\x80\xff\xc0 ab"[random() % 14]; }
    ASSERT_EQ(recoded(recoding, text, random() % 5 + 1), recoded(recoding, text));
  }
}

}  // namespace
}  // namespace sluice::http
