#include "frame.h"

namespace lossless {

namespace {

constexpr unsigned char kFinal = 0x80;
constexpr unsigned char kMasked = 0x80;
constexpr unsigned char kLongSize = 126;

unsigned char byte(std::string_view text, size_t at) { return static_cast<unsigned char>(text[at]); }

}  // namespace

void write_frame(std::string& to, int opcode, std::string_view payload, std::string_view mask) {
  to += static_cast<char>(kFinal | opcode);
  unsigned char masked = mask.empty() ? 0 : kMasked;
  if (payload.size() < kLongSize) {
    to += static_cast<char>(masked | payload.size());
  } else {
    to += static_cast<char>(masked | kLongSize);
    to += static_cast<char>(payload.size() >> 8);
    to += static_cast<char>(payload.size());
  }
  to += mask;
  for (size_t i = 0; i < payload.size(); ++i) {
    to += mask.empty() ? payload[i] : static_cast<char>(payload[i] ^ mask[i % 4]);
  }
}

bool read_frame(std::string& from, Frame& frame) {
  if (from.size() < 2) { return false; }
  size_t size = byte(from, 1) & 0x7f;
  size_t begin = 2;
  if (size >= kLongSize) {
    if (from.size() < 4) { return false; }
    size = static_cast<size_t>(byte(from, 2)) << 8 | byte(from, 3);
    begin = 4;
  }
  bool masked = (byte(from, 1) & kMasked) != 0;
  if (masked) { begin += 4; }
  if (from.size() < begin + size) { return false; }
  frame.opcode = byte(from, 0) & 0x0f;
  frame.payload = from.substr(begin, size);
  for (size_t i = 0; masked && i < size; ++i) {
    frame.payload[i] = static_cast<char>(frame.payload[i] ^ from[begin - 4 + i % 4]);
  }
  from.erase(0, begin + size);
  return true;
}

}  // namespace lossless
