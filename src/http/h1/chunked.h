// The chunked transfer coding (RFC 9112 7.1), decoding in place: finds the data inside the bytes received, so
// that the caller can hand out slices of its own buffer. Encoding is write_chunk_head(). Strict: lines end in
// CRLF, a size is nothing but digits, and every error is final.
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
    size_lf,  // the CR of the size line was read
    data,
    data_cr,
    data_lf,
    trailer,  // begin of a line of the trailer section
    trailer_name,
    trailer_value,
    trailer_lf,
    end_lf,  // the CR of the empty line was read
    done,
    failed
  };

  bool fail(const char* reason);
  const char* take(const char* at, const char* end);
  const char* take_size(const char* at, const char* end);
  const char* take_extension(const char* at, const char* end);
  bool take_size_byte(char c);
  bool take_byte(char c);
  bool take_trailer(char c);
  bool end_size_line();
  bool count_trailer_byte();
  bool keep(char c);
  void end_trailer_line();

  State state_ = State::size;
  uint8_t digits_ = 0;
  Fields* trailers_;
  uint32_t trailer_limit_;
  uint32_t trailer_size_ = 0;
  uint32_t line_size_ = 0;  // of the extension, or of the trailer line kept in line_
  uint64_t left_ = 0;
  size_t consumed_ = 0;
  std::string_view data_;
  const char* reason_ = "";
  char* line_ = nullptr;  // the trailer line being read, in the arena of trailers_
  uint32_t line_capacity_ = 0;
};

// Whether a field may stand in a trailer section and be taken seriously there (RFC 9110 6.5.1): nothing that
// frames, routes, authenticates, controls the connection or a cache, or says how the content is coded.
bool allowed_in_trailer(const Field& field);

inline constexpr size_t kChunkHeadRoom = 18;  // 16 hexadecimal digits and CRLF
// Writes "SIZE\r\n" and returns its length.
size_t write_chunk_head(char* out, uint64_t size);

}  // namespace sluice::http::h1
