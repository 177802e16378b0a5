#include "http/uri.h"

#include <cstring>

#include <array>

#include "base/text.h"
#include "http/scan.h"

namespace sluice::http {

namespace {

enum Kind : uint8_t { kPlain, kSlash, kPercent, kQuestion, kHash, kRefused };

constexpr std::array<uint8_t, 256> make_kinds() {
  std::array<uint8_t, 256> table{};
  for (int c = 0; c <= ' '; ++c) { table[c] = kRefused; }
  table[0x7f] = kRefused;
  table['/'] = kSlash;
  table['%'] = kPercent;
  table['?'] = kQuestion;
  table['#'] = kHash;
  return table;
}
constexpr auto kKinds = make_kinds();

Kind kind(char c) { return static_cast<Kind>(kKinds[static_cast<unsigned char>(c)]); }

// Whether the segment that starts at `at` is "." or "..", as far as plain characters tell.
bool dot_segment(string_view raw, size_t at) {
  size_t end = at;
  while (end < raw.size() && raw[end] == '.' && end - at < 3) { ++end; }
  if (end - at > 2) { return false; }
  return end == raw.size() || raw[end] == '/' || raw[end] == '?' || raw[end] == '#';
}

struct Scan {
  size_t end = 0;  // of the path
  bool valid = true;
  bool complex = false;
};

// Whether the '/' at `at` starts something that cannot stay: an empty or a dot segment.
bool reducible(string_view raw, size_t at, bool merge_slashes) {
  char next = at + 1 < raw.size() ? raw[at + 1] : '\0';
  return (next == '/' && merge_slashes) || (next == '.' && dot_segment(raw, at + 1));
}

Scan scan_path(string_view raw, bool merge_slashes) {
  Scan scan;
  for (; scan.end < raw.size(); ++scan.end) {
    Kind found = kind(raw[scan.end]);
    if (found == kPlain) { continue; }
    if (found == kSlash) {
      scan.complex |= reducible(raw, scan.end, merge_slashes);
    } else if (found == kPercent) {
      scan.complex = true;
    } else {
      scan.valid = found != kRefused;
      return scan;
    }
  }
  return scan;
}

// Builds the normal form segment by segment. Always holds at least the first '/'.
class Segments {
 public:
  Segments(char* room, bool merge) : begin_(room), at_(room), merge_(merge) {
    *at_++ = '/';
    segment_ = at_;
  }

  // False: above the root.
  bool put(char c) {
    if (c != '/') {
      *at_++ = c;
      return true;
    }
    if (at_ == segment_) {
      if (!merge_) { end_segment(); }
      return true;
    }
    size_t size = static_cast<size_t>(at_ - segment_);
    if (!dots(size)) {
      end_segment();
      return true;
    }
    return size == 1 ? drop() : climb();
  }
  bool finish() {
    size_t size = static_cast<size_t>(at_ - segment_);
    if (size == 0 || !dots(size)) { return true; }
    return size == 1 ? drop() : climb();
  }
  string_view text() const { return {begin_, static_cast<size_t>(at_ - begin_)}; }
  bool had_dots() const { return had_dots_; }

 private:
  bool dots(size_t size) const { return size <= 2 && segment_[0] == '.' && segment_[size - 1] == '.'; }
  void end_segment() {
    *at_++ = '/';
    segment_ = at_;
  }
  bool drop() {
    had_dots_ = true;
    at_ = segment_;
    return true;
  }
  // Forgets the current segment and the one before it.
  bool climb() {
    if (segment_ == begin_ + 1) { return false; }
    --segment_;
    while (segment_[-1] != '/') { --segment_; }
    return drop();
  }

  char* begin_;
  char* at_;
  char* segment_;  // where the current segment starts
  bool merge_;
  bool had_dots_ = false;
};

bool decode_path(Segments& out, string_view raw) {
  for (size_t i = 1; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == '%') {
      int high = i + 1 < raw.size() ? hex_value(raw[i + 1]) : -1;
      int low = i + 2 < raw.size() ? hex_value(raw[i + 2]) : -1;
      if (high < 0 || low < 0 || (high | low) == 0) { return false; }
      c = static_cast<char>(high << 4 | low);
      i += 2;
    }
    if (!out.put(c)) { return false; }
  }
  return out.finish();
}

// `rest` starts behind the '?'. False if it holds a byte that cannot stand in a request line.
bool take_query(string_view rest, NormalPath& out) {
  size_t i = 0;
  while (i < rest.size() && kind(rest[i]) != kHash) {
    if (kind(rest[i]) == kRefused) { return false; }
    ++i;
  }
  out.query = rest.substr(0, i);
  out.has_query = true;
  return true;
}

}  // namespace

bool normalise(Arena& arena, string_view raw, bool merge_slashes, NormalPath& out) {
  out = NormalPath();
  Scan scan = scan_path(raw, merge_slashes);
  if (!scan.valid) { return false; }
  string_view path = raw.substr(0, scan.end);
  if (scan.end < raw.size() && raw[scan.end] == '?' && !take_query(raw.substr(scan.end + 1), out)) {
    return false;
  }
  out.received = out.has_query ? raw.substr(0, scan.end + 1 + out.query.size()) : path;
  if (path.empty()) {  // http://host?query
    out.path = "/";
    out.received = arena.join("/", out.received);
    out.complex = true;
    return true;
  }
  if (path[0] != '/') { return false; }
  out.path = path;
  if (!scan.complex) { return true; }
  Segments segments(arena.characters(path.size()), merge_slashes);
  if (!decode_path(segments, path)) { return false; }
  out.path = segments.text();
  out.had_dots = segments.had_dots();
  out.complex = true;
  return true;
}

namespace {

constexpr uint8_t bit(Escape where) { return static_cast<uint8_t>(1u << static_cast<unsigned>(where)); }

constexpr bool unreserved(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

constexpr bool among(string_view set, char c) { return set.find(c) != string_view::npos; }

// One bit per kind. Backslash, quotes, brackets and the like may not stand in a URI (RFC 3986 2) and nginx
// escapes them in a changed URI since 1.21.1.
constexpr std::array<uint8_t, 256> make_escapes() {
  std::array<uint8_t, 256> table{};
  for (int i = 0; i < 256; ++i) {
    char c = static_cast<char>(i);
    bool never = i <= ' ' || i == 0x7f;
    bool shared = never || i > 0x7f || among("#%?\"<>\\^`{|}", c);
    if (shared) { table[i] |= bit(Escape::uri); }
    if (shared || among("&+;", c)) { table[i] |= bit(Escape::args); }
    if (!unreserved(c)) { table[i] |= bit(Escape::component); }
    if (never) { table[i] |= bit(Escape::target); }
  }
  for (char c : {'\0', '\r', '\n'}) { table[static_cast<unsigned char>(c)] |= bit(Escape::value); }
  return table;
}
constexpr auto kEscapes = make_escapes();

bool escaped(char c, uint8_t mask) { return (kEscapes[static_cast<unsigned char>(c)] & mask) != 0; }

size_t count_escaped(string_view text, uint8_t mask) {
  size_t count = 0;
  for (char c : text) { count += escaped(c, mask) ? 1 : 0; }
  return count;
}

char* write_escaped(char* out, string_view text, uint8_t mask) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (char c : text) {
    if (!escaped(c, mask)) {
      *out++ = c;
      continue;
    }
    *out++ = '%';
    *out++ = kHex[static_cast<unsigned char>(c) >> 4];
    *out++ = kHex[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

string_view entity(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    default:
      return {};
  }
}

string_view decode(Arena& arena, string_view text, bool plus) {
  if (text.find('%') == string_view::npos && (!plus || text.find('+') == string_view::npos)) { return text; }
  char* begin = arena.characters(text.size());
  char* at = begin;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      c = static_cast<char>(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
      i += 2;
    } else if (c == '+' && plus) {
      c = ' ';
    }
    *at++ = c;
  }
  return {begin, static_cast<size_t>(at - begin)};
}

}  // namespace

bool needs_escape(string_view text, Escape where) {
  for (char c : text) {
    if (escaped(c, bit(where))) { return true; }
  }
  return false;
}

namespace {
// Most of what is asked about is clean, and for two of the classes there is a quick look.
bool looks_clean(string_view text, Escape where) {
  const char* end = text.data() + text.size();
  if (where == Escape::value) { return find_control(text.data(), text.data(), end) == end; }
  return where == Escape::target && find_target_end(text.data(), text.data(), end) == end;
}
}  // namespace

string_view escape(Arena& arena, string_view text, Escape where) {
  if (text.empty() || looks_clean(text, where)) { return text; }
  size_t count = count_escaped(text, bit(where));
  if (count == 0) { return text; }
  size_t size = text.size() + 2 * count;
  char* begin = arena.characters(size);
  write_escaped(begin, text, bit(where));
  return {begin, size};
}

void append_escaped(std::string& out, string_view text, Escape where) {
  size_t before = out.size();
  out.resize(before + text.size() + 2 * count_escaped(text, bit(where)));
  write_escaped(out.data() + before, text, bit(where));
}

string_view escape_html(Arena& arena, string_view text) {
  size_t extra = 0;
  for (char c : text) {
    string_view name = entity(c);
    extra += name.empty() ? 0 : name.size() - 1;
  }
  if (extra == 0) { return text; }
  char* begin = arena.characters(text.size() + extra);
  char* at = begin;
  for (char c : text) {
    string_view name = entity(c);
    if (name.empty()) {
      *at++ = c;
      continue;
    }
    memcpy(at, name.data(), name.size());
    at += name.size();
  }
  return {begin, text.size() + extra};
}

string_view unescape(Arena& arena, string_view text) { return decode(arena, text, false); }

string_view unescape_form(Arena& arena, string_view text) { return decode(arena, text, true); }

}  // namespace sluice::http
