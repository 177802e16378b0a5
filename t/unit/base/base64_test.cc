#include "base/base64.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

std::string decoded(std::string_view text) {
  std::string out(base64_room(text), 'x');
  std::optional<size_t> size = decode_base64(text, out.data());
  if (!size) { return "(none)"; }
  EXPECT_LE(*size, out.size());
  return out.substr(0, *size);
}

TEST(Base64, DecodesWithAndWithoutPadding) {
  EXPECT_EQ(decoded(""), "");
  EXPECT_EQ(decoded("Zg=="), "f");
  EXPECT_EQ(decoded("Zg"), "f");
  EXPECT_EQ(decoded("Zm8="), "fo");
  EXPECT_EQ(decoded("Zm8"), "fo");
  EXPECT_EQ(decoded("Zm9v"), "foo");
  EXPECT_EQ(decoded("Zm9vYmFy"), "foobar");
  EXPECT_EQ(decoded("//79+g=="), "\xff\xfe\xfd\xfa");
}

TEST(Base64, RefusesWhatIsNone) {
  for (std::string_view text : {"Z", "Zg===", "Zg=x", "Zm9v!", "Zm 9", "Zm9-", "====", "Zm9vY"}) {
    EXPECT_EQ(decoded(text), "(none)") << text;
  }
}

}  // namespace
}  // namespace sluice
