// Where files are: `root` and `alias`, and from a path to the name of its file.
#pragma once

#include <string>
#include <string_view>

#include "conf/expression.h"

namespace sluice::http {

using std::string_view;

class Request;

struct RootSettings {
  enum class Kind : uint8_t {
    root,   // folder + path
    alias,  // folder + what follows the location's name in the path
    whole,  // alias of a regex location: the name of the file itself
  };
  Kind kind = Kind::root;
  bool given = false;  // else: html below the prefix
  conf::Expression folder;
  std::string location_name;  // that alias stands for
};

struct MappedFile {
  string_view name;      // absolute, a NUL behind it, in the request's arena
  uint16_t refused = 0;  // not 0: this status is the answer (told in the log)
};

// The file that `path` stands for: the request's own, or one that its location asks for instead. The name
// never has a ".." that the configuration did not write.
MappedFile map_file(Request& request, string_view path);
// What root or alias say, absolute, without a slash at its end unless alias has one.
string_view folder_of(Request& request);

}  // namespace sluice::http
