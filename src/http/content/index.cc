#include "http/content/index.h"

#include <sys/stat.h>

#include <cerrno>
#include <vector>

#include "conf/build.h"
#include "conf/expression.h"
#include "http/request.h"
#include "http/root.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

struct IndexSettings {
  std::vector<conf::Expression> files;  // none: index.html
};

void set_index(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto& files = scope.own<IndexSettings>().files;
  if (scope.first_in_block(row)) { files.clear(); }
  for (size_t i = 0; i < node.argument_count(); ++i) {
    if (node.argument(i).empty()) {
      build.error(node.argument_word(i), "index \"\" in \"index\" directive is invalid");
      continue;
    }
    files.push_back(conf::Expression::compile(build, conf::Realm::http, node.argument_word(i)));
  }
}

const conf::Module<IndexSettings> module(
    "http", {
                conf::Module<IndexSettings>::RowSpec(
                    "index", conf::kHttpServerLocation, arguments(1, conf::kAny), set_index, "file …",
                    "Files tried in this order for a path that ends in a slash; the first that exists "
                    "is served by an internal redirect. One that begins with a slash is taken unseen. "
                    "May contain variables.",
                    "index.html")
                    .repeating(),
            });

enum class Found : uint8_t { yes, no, settled };

// A name that cannot be looked up, or a folder that is not there.
Found missing(Request& request, string_view name, int error) {
  bool forbidden = error == EACCES;
  if (forbidden || request.core().log_not_found) {
    SLUICE_REQUEST_LOG(request, error, error, "\"%s\" is %s", name.data(),
                       forbidden ? "forbidden" : "not found");
  }
  request.refuse(forbidden ? 403 : 404);
  return Found::settled;
}

Found look_for(Request& request, string_view folder, string_view name) {
  string_view file = request.arena().join(folder, name, string_view("", 1));
  struct stat status;
  if (::stat(file.data(), &status) == 0) { return S_ISDIR(status.st_mode) ? Found::no : Found::yes; }
  if (errno == ENOTDIR || errno == ENAMETOOLONG || errno == EACCES) { return missing(request, file, errno); }
  return Found::no;
}

void send_on(Request& request, string_view path) {
  request.redirect_internally(path, request.query, request.has_query);
}

Found try_name(Request& request, string_view folder, string_view name) {
  if (name.empty()) { return Found::no; }
  if (name.starts_with('/')) {
    send_on(request, name);
    return Found::settled;
  }
  Found found = look_for(request, folder, name);
  if (found != Found::yes) { return found; }
  send_on(request, request.arena().join(request.path, name));
  return Found::settled;
}

}  // namespace

bool answer_with_index(Request& request) {
  MappedFile folder = map_file(request, request.path);
  if (folder.refused != 0) {
    request.refuse(folder.refused);
    return true;
  }
  const auto& files = request.settings<IndexSettings>().files;
  string_view first = files.empty() ? string_view("index.html") : string_view();
  if (files.empty() && try_name(request, folder.name, first) == Found::settled) { return true; }
  for (const conf::Expression& file : files) {
    string_view name = file.evaluate(request);
    if (first.empty()) { first = name; }
    if (try_name(request, folder.name, name) == Found::settled) { return true; }
  }
  struct stat status;
  if (::stat(folder.name.data(), &status) == 0) { return false; }
  int error = errno;
  missing(request, request.arena().join(folder.name, first, string_view("", 1)), error);
  return true;
}

}  // namespace sluice::http
