// Lists of content types: sub_filter_types, charset_types and the like. What an answer says behind a
// semicolon (charset, boundary) does not count, nor does case.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/build.h"

namespace sluice::http {

using std::string_view;

class ContentTypes {
 public:
  ContentTypes() = default;
  ContentTypes(std::initializer_list<const char*> types) {
    for (const char* type : types) { add(type); }
  }
  // `*` is every type. False: it was there before.
  bool add(string_view type);
  bool has(string_view content_type) const;

 private:
  std::vector<std::string> listed_;  // lower case; few
  bool any_ = false;
};

// For a row of a list of types: adds them to a member. What was inherited, or the default, is replaced;
// text/html is always meant.
template <class Settings, ContentTypes Settings::*member>
void set_content_types(conf::Build& build, conf::Scope& scope, const conf::Node& node, const conf::Row& row) {
  ContentTypes& types = scope.own<Settings>().*member;
  if (scope.first_in_block(row)) { types = {"text/html"}; }
  for (size_t i = 0; i < node.argument_count(); ++i) {
    if (!types.add(node.argument(i))) {
      build.diagnostics.warn(node.argument_word(i), "duplicate MIME type \"" + node.argument(i) + "\"");
    }
  }
}

}  // namespace sluice::http
