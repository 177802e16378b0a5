#include "observe/gzip_member.h"

#include <zlib.h>

#include <cstdlib>

#include "base/log.h"

namespace sluice::observe {

std::string gzip_member(std::string_view text, int level) {
  constexpr int kGzip = MAX_WBITS + 16;  // as zlib wants to be asked for gzip's wrapping
  constexpr int kMemory = 8;             // zlib's default
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
    log::emerg(0, "no memory to compress a log");  // no other reason is left
    std::abort();
  }
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace sluice::observe
