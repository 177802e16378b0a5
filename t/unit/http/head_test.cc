#include "http/head.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

TEST(Method, NamesAndBack) {
  for (int i = 1; i <= static_cast<int>(Method::unlock); ++i) {
    auto method = static_cast<Method>(i);
    EXPECT_EQ(parse_method(method_name(method)), method) << method_name(method);
  }
}

TEST(Method, CaseMatters) {
  for (const char* token : {"", "get", "Get", "GETS", "GE", "XET", "UNKNOWN", "PROPFINDS"}) {
    EXPECT_EQ(parse_method(token), Method::unknown) << token;
  }
}

TEST(Method, Properties) {
  EXPECT_TRUE(is_safe(Method::get) && is_safe(Method::head) && is_safe(Method::options));
  EXPECT_FALSE(is_safe(Method::put) || is_safe(Method::post) || is_safe(Method::unknown));
  EXPECT_TRUE(is_idempotent(Method::get) && is_idempotent(Method::put) && is_idempotent(Method::delete_));
  EXPECT_FALSE(is_idempotent(Method::post) || is_idempotent(Method::patch) ||
               is_idempotent(Method::unknown) || is_idempotent(Method::connect));
}

TEST(ReasonPhrase, KnownAndUnknown) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(502), "Bad Gateway");
  EXPECT_EQ(reason_phrase(100), "Continue");
  EXPECT_EQ(reason_phrase(511), "Network Authentication Required");
  for (uint16_t status : {0, 99, 299, 599, 600, 999}) { EXPECT_EQ(reason_phrase(status), "") << status; }
}

}  // namespace
}  // namespace sluice::http
