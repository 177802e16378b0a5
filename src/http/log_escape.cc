#include "http/log_escape.h"

#include <array>

namespace sluice::http {

namespace {

using Table = std::array<bool, 256>;

constexpr Table make_table(bool json) {
  Table table{};
  for (int c = 0; c < 256; ++c) { table[c] = c < 32 || c == '"' || c == '\\' || (!json && c > 126); }
  return table;
}
constexpr Table kText = make_table(false);
constexpr Table kJson = make_table(true);

constexpr char kHex[] = "0123456789ABCDEF";

void append_hex(std::string& out, std::string_view lead, unsigned char c) {
  out += lead;
  out += kHex[c >> 4];
  out += kHex[c & 15];
}

void append_json(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      append_hex(out, "\\u00", static_cast<unsigned char>(c));
  }
}

}  // namespace

void append_log_escaped(std::string& out, std::string_view text, LogEscape how) {
  if (how == LogEscape::none) {
    out += text;
    return;
  }
  const Table& table = how == LogEscape::json ? kJson : kText;
  size_t plain = 0;  // start of what has not been copied yet
  for (size_t i = 0; i < text.size(); ++i) {
    if (!table[static_cast<unsigned char>(text[i])]) { continue; }
    out.append(text, plain, i - plain);
    plain = i + 1;
    if (how == LogEscape::json) {
      append_json(out, text[i]);
    } else {
      append_hex(out, "\\x", static_cast<unsigned char>(text[i]));
    }
  }
  out.append(text, plain);
}

}  // namespace sluice::http
