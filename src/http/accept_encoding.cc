#include "http/accept_encoding.h"

#include <optional>

#include "base/text.h"

namespace sluice::http {

namespace {

constexpr int kMost = 1000;

// weight = OWS ";" OWS "q=" qvalue (RFC 9110 12.4.2). Nothing when it is none.
std::optional<int> parse_weight(string_view text) {
  text = trim(text);
  if (text.empty()) { return kMost; }
  if (!istarts_with(text, "q=")) { return std::nullopt; }
  text.remove_prefix(2);
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) { return std::nullopt; }
  int value = (text[0] - '0') * kMost;
  if (text.size() > 1 && text[1] != '.') { return std::nullopt; }
  int step = kMost / 10;
  for (size_t i = 2; i < text.size(); ++i, step /= 10) {
    if (!is_digit(text[i])) { return std::nullopt; }
    value += (text[i] - '0') * step;
  }
  return value > kMost ? std::nullopt : std::optional(value);
}

}  // namespace

int coding_quality(string_view field, string_view coding) {
  int named = -1;
  int any = 0;
  each_member(field, [&](string_view member) {
    Split parts = split(member, ';');
    string_view name = trim(parts.head);
    // One that cannot be read is not there.
    auto weight = parse_weight(parts.tail);
    if (!weight) { return; }
    bool same = iequals(name, coding) || (coding == "gzip" && iequals(name, "x-gzip"));
    if (same && *weight > named) { named = *weight; }
    if (name == "*") { any = *weight; }
  });
  return named >= 0 ? named : any;
}

}  // namespace sluice::http
