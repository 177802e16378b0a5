// `gzip_static`, `brotli_static`, `zstd_static`: files that lie compressed beside the files they stand for.
#pragma once

#include "http/file_lookup.h"

namespace sluice::http {

class Request;

struct PrecompressedFile {
  FoundFile found;
  const char* coding = nullptr;  // null: there is none for this client
};

// `name` as map_file() gave it. `beside`: whether there is one at all, for clients that accept it.
PrecompressedFile open_precompressed(Request& request, string_view name, bool& beside);
// Whether the location looks for any.
bool has_precompressed(const Request& request);

}  // namespace sluice::http
