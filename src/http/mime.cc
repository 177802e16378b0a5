#include "http/mime.h"

#include "base/text.h"

namespace sluice::http {

namespace {
constexpr size_t kLongestExtension = 64;  // a longer one is not looked up
}

bool MimeTypes::add(string_view type, string_view extension) {
  size_t known = types_.find(type);
  if (known == std::string::npos) {
    known = types_.size();
    types_ += type;
  }
  Span span{static_cast<uint32_t>(known), static_cast<uint32_t>(type.size())};
  std::string lowered = to_lower(extension);
  uint32_t hash = name_hash(lowered);
  if (Span* old = table_.find(lowered, hash)) {
    *old = span;
    return false;
  }
  return table_.add(lowered, hash, span);
}

string_view MimeTypes::find_extension(string_view extension) const {
  if (extension.empty() || extension.size() > kLongestExtension) { return {}; }
  char room[kLongestExtension];
  uint32_t hash = kNameHashStart;
  for (size_t i = 0; i < extension.size(); ++i) {
    room[i] = lower(extension[i]);
    hash = name_hash_step(hash, room[i]);
  }
  const Span* span = table_.find({room, extension.size()}, hash);
  return span == nullptr ? string_view() : string_view(types_).substr(span->offset, span->size);
}

string_view MimeTypes::find(string_view path) const {
  size_t mark = path.find_last_of("./");
  if (mark == string_view::npos || path[mark] == '/') { return {}; }
  return find_extension(path.substr(mark + 1));
}

const MimeTypes& MimeTypes::built_in() {
  static const MimeTypes types = [] {
    MimeTypes made;
    made.add("text/html", "html");
    made.add("image/gif", "gif");
    made.add("image/jpeg", "jpg");
    return made;
  }();
  return types;
}

}  // namespace sluice::http
