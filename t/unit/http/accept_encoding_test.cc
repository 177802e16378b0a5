#include "http/accept_encoding.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

TEST(AcceptEncoding, quality) {
  EXPECT_EQ(coding_quality("gzip", "gzip"), 1000);
  EXPECT_EQ(coding_quality("GZip, br", "br"), 1000);
  EXPECT_EQ(coding_quality("gzip;q=0.5, br ; q=0.25", "gzip"), 500);
  EXPECT_EQ(coding_quality("gzip;q=0.5, br ; Q=0.125", "br"), 125);
  EXPECT_EQ(coding_quality("gzip;q=0", "gzip"), 0);
  EXPECT_EQ(coding_quality("gzip;q=0.000, *", "gzip"), 0);
  EXPECT_EQ(coding_quality("gzip;q=0.001", "gzip"), 1);
  EXPECT_EQ(coding_quality("gzip;q=1.000", "gzip"), 1000);
  EXPECT_EQ(coding_quality("x-gzip", "gzip"), 1000);
  EXPECT_EQ(coding_quality("*", "zstd"), 1000);
  EXPECT_EQ(coding_quality("*;q=0.3, br", "zstd"), 300);
  EXPECT_EQ(coding_quality("br", "gzip"), 0);
  EXPECT_EQ(coding_quality("", "gzip"), 0);
  EXPECT_EQ(coding_quality("identity", "gzip"), 0);
  EXPECT_EQ(coding_quality("gzipped, gzi, gzip2", "gzip"), 0);
}

TEST(AcceptEncoding, what_cannot_be_read_is_not_there) {
  for (const char* bad : {"gzip;q=2", "gzip;q=1.001", "gzip;q=.5", "gzip;q=0.5555", "gzip;q=", "gzip;q=0,5",
                          "gzip;x=1", "gzip;q=-1", "gzip q=1", "gzip;q=0.5;x"}) {
    EXPECT_EQ(coding_quality(bad, "gzip"), 0) << bad;
  }
}

}  // namespace
}  // namespace sluice::http
