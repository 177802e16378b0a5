// The frames of RFC 6455 that a test needs: whole messages of at most 65535 bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lossless {

// The key of RFC 6455 section 1.3 and the answer to it: constants spare a test the SHA-1.
constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

constexpr int kBinary = 2;
constexpr int kClose = 8;

struct Frame {
  int opcode = 0;
  std::string payload;
};

// Appends a frame; `mask` is four bytes, or empty for none.
void write_frame(std::string& to, int opcode, std::string_view payload, std::string_view mask);

// Takes the first frame from `from`. False: it is not complete yet.
bool read_frame(std::string& from, Frame& frame);

}  // namespace lossless
