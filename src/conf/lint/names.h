// How blocks are named, for rules.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/lint.h"

namespace sluice::conf {

struct LocationName {
  std::string modifier;  // "", "=", "^~", "~", "~*" or "@"
  std::string text;      // without it
  bool prefix() const { return modifier.empty() || modifier == "^~"; }
  bool exact() const { return modifier == "="; }
  bool regex() const { return modifier == "~" || modifier == "~*"; }
};
// Of a location block that has its arguments; else an empty one.
LocationName location_name(const Node& location);

// "proxy_pass http://host/uri" taken apart: as written, with variables in it.
struct PassUrl {
  std::string_view scheme, host, uri;  // uri: from the first / or ? behind the host; views into the word
};
PassUrl split_pass(std::string_view url);

// The last argument, or an empty text.
std::string_view last_argument(const Node& node);

}  // namespace sluice::conf
