#include "http/content_types.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::http {

bool ContentTypes::add(string_view type) {
  if (type == "*") { return !std::exchange(any_, true); }
  std::string lowered = to_lower(type);
  if (std::find(listed_.begin(), listed_.end(), lowered) != listed_.end()) { return false; }
  listed_.push_back(std::move(lowered));
  return true;
}

bool ContentTypes::has(string_view content_type) const {
  string_view bare = trim(content_type.substr(0, content_type.find(';')));
  if (bare.empty()) { return false; }
  return any_ || std::any_of(listed_.begin(), listed_.end(),
                             [&](const std::string& listed) { return equals_lowered(bare, listed); });
}

}  // namespace sluice::http
