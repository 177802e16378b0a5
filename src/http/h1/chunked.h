// The chunked transfer coding (RFC 9112 7.1), decoding in place: finds the data inside the bytes received, so
// that the caller can hand out slices of its own buffer. Encoding is write_chunk_head().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/field.h"

namespace sluice::http::h1 {

class ChunkedDecoder {
 public:
  enum class Event : uint8_t {
    more,    // everything was consumed; need more bytes
    data,    // data() is a piece of the body
    end,     // the last chunk and the trailer section were read
    failed,  // reason() says why
  };
  // Limits: one chunk extension line 4096 bytes, trailer section `trailer_limit` bytes.
  // Trailer fields go to `trailers` (names and values copied into its arena) when it is not null; those of
  // RFC 9110 6.5.1 that may not stand in trailers are dropped.
  explicit ChunkedDecoder(Fields* trailers = nullptr, uint32_t trailer_limit = 32768)
      : trailers_(trailers), trailer_limit_(trailer_limit) {}

  // Reads from [input, input + size). Sets consumed() to how many bytes were used, data's included; call
  // again with the rest until it says more, end or failed.
  Event decode(const char* input, size_t size);
  size_t consumed() const { return consumed_; }
  std::string_view data() const { return data_; }
  const char* reason() const { return reason_; }
  // Bytes of the current chunk still to come: how much to expect at least.
  uint64_t chunk_left() const { return left_; }

 private:
  enum class State : uint8_t {
    size,
    extension,
    extension_end,
    data,
    data_cr,
    data_lf,
    trailer,
    done,
    failed
  };
  State state_ = State::size;
  Fields* trailers_;
  uint32_t trailer_limit_;
  uint32_t trailer_size_ = 0;
  uint32_t line_size_ = 0;
  uint64_t left_ = 0;
  uint8_t digits_ = 0;
  size_t consumed_ = 0;
  std::string_view data_;
  const char* reason_ = "";
  char* line_ = nullptr;  // a trailer line that arrived in pieces
  uint32_t line_capacity_ = 0;
};

inline constexpr size_t kChunkHeadRoom = 18;  // 16 hexadecimal digits and CRLF
// Writes "SIZE\r\n" and returns its length.
size_t write_chunk_head(char* out, uint64_t size);

}  // namespace sluice::http::h1
