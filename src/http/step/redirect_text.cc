#include "http/step/redirect_text.h"

#include <cstring>

#include "base/text.h"

namespace sluice::http {

namespace {

// The byte of an escape at the start of `text`; -1: there is none.
int escaped_byte(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') { return -1; }
  int high = hex_value(text[1]);
  int low = hex_value(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

}  // namespace

std::string_view unescape_redirect(Arena& arena, std::string_view text) {
  if (text.find('%') >= text.find('?')) { return text; }
  char* start = arena.characters(text.size());
  char* to = start;
  size_t from = 0;
  while (from < text.size() && text[from] != '?') {
    int byte = escaped_byte(text.substr(from));
    if (byte > '%' && byte < 0x7f) {
      *to++ = static_cast<char>(byte);
      from += 3;
      if (byte == '?') { break; }
    } else {
      *to++ = text[from++];
    }
  }
  memcpy(to, text.data() + from, text.size() - from);
  to += text.size() - from;
  return {start, static_cast<size_t>(to - start)};
}

}  // namespace sluice::http
