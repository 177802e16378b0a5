// From a file name's extension to a content type: the `types` of a location. Case does not matter.
#pragma once

#include <string>
#include <string_view>

#include "http/name_table.h"

namespace sluice::http {

using std::string_view;

class MimeTypes {
 public:
  // False: the extension had a type before; it has the new one now.
  bool add(string_view type, string_view extension);
  // The type for what follows the last '.' of the last segment of `path`; empty when none is known.
  string_view find(string_view path) const;
  string_view find_extension(string_view extension) const;
  bool empty() const { return table_.empty(); }

  // What serves where no `types` is given: html, gif, jpg.
  static const MimeTypes& built_in();

 private:
  struct Span {
    uint32_t offset, size;
  };
  NameTable<Span> table_;
  std::string types_;
};

}  // namespace sluice::http
