#include "http/content/index.h"

#include <cerrno>
#include <vector>

#include "conf/build.h"
#include "conf/expression.h"
#include "http/file_lookup.h"
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

// A name that cannot be looked up, or a folder that is not there.
Verdict missing(Request& request, string_view name, int error) {
  bool forbidden = error == EACCES || error == ELOOP;
  if (forbidden || request.core().log_not_found) {
    SLUICE_REQUEST_LOG(request, error, error, "\"%s\" is %s", name.data(),
                       forbidden ? "forbidden" : "not found");
  }
  return request.refuse(forbidden ? 403 : 404);
}

string_view name_in(Request& request, string_view folder, string_view name) {
  return request.arena().join(folder, name, string_view("", 1));
}

Verdict send_on(Request& request, string_view path) {
  return request.redirect_internally(path, request.query, request.has_query);
}

Verdict try_name(Request& request, string_view folder, string_view name) {
  if (name.empty()) { return Verdict::next; }
  if (name.starts_with('/')) { return send_on(request, name); }
  string_view file = name_in(request, folder, name);
  FoundFile found = look_up_file(request, file);
  if (found.error == 0) {
    return found.status.folder ? Verdict::next : send_on(request, request.arena().join(request.path, name));
  }
  bool hopeless =
      found.error == ENOTDIR || found.error == ENAMETOOLONG || found.error == EACCES || found.error == ELOOP;
  return hopeless ? missing(request, file, found.error) : Verdict::next;
}

const std::vector<conf::Expression>& names_for(const Request& request) {
  static const std::vector<conf::Expression> usual = {conf::Expression::literal("index.html")};
  const auto& files = request.settings<IndexSettings>().files;
  return files.empty() ? usual : files;
}

}  // namespace

Verdict answer_with_index(Request& request, string_view folder) {
  string_view first;
  for (const conf::Expression& file : names_for(request)) {
    string_view name = file.evaluate(request);
    if (first.empty()) { first = name; }
    Verdict verdict = try_name(request, folder, name);
    if (verdict != Verdict::next) { return verdict; }
  }
  int error = look_up_file(request, folder).error;
  return error == 0 ? Verdict::next : missing(request, name_in(request, folder, first), error);
}

}  // namespace sluice::http
