// Preconditions (RFC 9110 13): what If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since and
// If-Range of a request mean for a representation with these validators.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "http/head.h"

namespace sluice::http {

struct Validators {
  string_view etag;            // as in the ETag field, W/ included; empty: none
  int64_t last_modified = -1;  // seconds since 1970; negative: not known
};

// if_modified_since
enum class ModifiedSince : uint8_t {
  off,     // the field is ignored
  exact,   // not modified only when the dates are equal
  before,  // not modified when the date is equal or later (RFC 9110 13.1.3)
};

enum class Precondition : uint8_t {
  proceed,
  not_modified,  // 304
  failed,        // 412
};

// In the order of RFC 9110 13.2.2. To be asked only when the answer without conditions would be a success.
Precondition check_preconditions(Method method, const Fields& request, const Validators& validators,
                                 ModifiedSince mode = ModifiedSince::exact);

// Whether Range may be honoured: a GET (14.2) whose If-Range, if any, still holds (13.1.5).
bool range_applies(Method method, const Fields& request, const Validators& validators);

bool etags_match_weakly(string_view a, string_view b);
bool etags_match_strongly(string_view a, string_view b);
// Whether a member of an If-Match or If-None-Match value matches. `*` is for the caller.
bool etag_listed(string_view list, string_view etag, bool weakly);

// Seconds and bytes in hexadecimal with a hyphen between, in quotes: the same as nginx, so that caches
// survive a change from one to the other.
string_view make_etag(Arena& arena, int64_t last_modified, uint64_t size);

}  // namespace sluice::http
