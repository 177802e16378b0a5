// Request paths in their one normal form, and escaping for the places where decoded bytes go out again.
// Locations, access rules and files see only the normal form; what goes upstream with a changed path is the
// normal form escaped. Pure functions: memory comes from the caller's arena, nothing is kept.
#pragma once

#include <string>
#include <string_view>

#include "base/arena.h"

namespace sluice::http {

using std::string_view;

struct NormalPath {
  string_view path;   // decoded, begins with '/', no dot segment, no NUL; may hold any other byte
  string_view query;  // between '?' and '#', as received: never decoded
  // Path and query as received, without the fragment: what goes upstream when the path is not to change. An
  // origin that normalises it must come to the same path.
  string_view received;
  bool has_query = false;
  bool complex = false;  // path is not a view of the raw bytes: it was decoded or reduced
  // A "." or ".." was taken out. An origin that decodes less than we do would see another path in `received`
  // (/denied/..%2Fopen): send escape_uri(path) instead.
  bool had_dots = false;
};

// `raw` is the path and query of a request target. False means 400: an escape that is none, %00, a control
// byte or blank, a path that climbs above the root or does not begin with '/'. Decodes exactly once: an
// encoded '/' or '.' counts like a plain one for segments, an encoded '?', '#' or '%' is a character of the
// path. A fragment is cut. When nothing has to change, `path` is a view of `raw`.
bool normalise(Arena& arena, string_view raw, bool merge_slashes, NormalPath& out);

// Where a text is going; says which bytes become %XX there. No kind lets a CR, LF or NUL through.
enum class Escape : uint8_t {
  uri,        // a decoded path in a request line or Location: '%', '?' and '#' too
  args,       // a value within a query: also '&', '+' and ';'
  component,  // one part of a URI: all but RFC 3986 2.3 unreserved
  target,     // a target that is already escaped: only what would break the request line (blanks, controls)
  value,      // a field value: only CR, LF and NUL
};

// The text itself when nothing needs escaping, else a copy in the arena.
string_view escape(Arena& arena, string_view text, Escape where);
void append_escaped(std::string& out, string_view text, Escape where);
// Whether escape() would change the text.
bool needs_escape(string_view text, Escape where);

inline string_view escape_uri(Arena& arena, string_view decoded) {
  return escape(arena, decoded, Escape::uri);
}
inline string_view escape_args(Arena& arena, string_view decoded) {
  return escape(arena, decoded, Escape::args);
}
// & < > " as entities.
string_view escape_html(Arena& arena, string_view text);

// %XX to bytes; what is no escape stays as it is. Cookie and argument values.
string_view unescape(Arena& arena, string_view text);
// As unescape(), and '+' is a blank: HTML form encoding.
string_view unescape_form(Arena& arena, string_view text);

}  // namespace sluice::http
