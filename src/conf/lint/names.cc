#include "conf/lint/names.h"

#include <algorithm>

namespace sluice::conf {

LocationName location_name(const Node& location) {
  size_t count = location.argument_count();
  if (count == 0 || count > 2) { return {}; }
  if (count == 2) { return {location.argument(0), location.argument(1)}; }
  const std::string& text = location.argument(0);
  for (const char* known : {"=", "^~", "~*", "~", "@"}) {
    std::string_view modifier = known;
    if (text.starts_with(modifier)) { return {known, text.substr(modifier.size())}; }
  }
  return {"", text};
}

PassUrl split_pass(std::string_view url) {
  PassUrl out;
  size_t scheme = url.find("://");
  std::string_view rest = url;
  if (scheme != std::string_view::npos) {
    out.scheme = url.substr(0, scheme);
    rest = url.substr(scheme + 3);
  }
  if (rest.starts_with("unix:")) {
    size_t end = std::min(rest.find(':', 5), rest.size());
    out.host = rest.substr(0, end);
    out.uri = rest.substr(std::min(end + 1, rest.size()));
    return out;
  }
  size_t end = std::min(rest.find_first_of("/?"), rest.size());
  // These are paths, so what stands before them is the host.
  for (const char* path : {"$request_uri", "$uri", "$document_uri"}) { end = std::min(end, rest.find(path)); }
  out.host = rest.substr(0, end);
  out.uri = rest.substr(end);
  return out;
}

std::string_view last_argument(const Node& node) {
  return node.argument_count() == 0 ? std::string_view() : std::string_view(node.words.back().text);
}

}  // namespace sluice::conf
