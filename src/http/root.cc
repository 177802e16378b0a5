#include "http/root.h"

#include <stdlib.h>

#include "conf/build.h"
#include "conf/directive.h"
#include "http/request.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using conf::Word;
using Kind = RootSettings::Kind;

// --- settings ---

// One block has one folder, by whichever name.
bool stands_alone(Build& build, Scope& scope, const Node& node, const char* other) {
  bool known = false;
  const Row* row = conf::find_row(other, scope.context(), &known);
  if (row == nullptr || scope.count(*row) == 0) { return true; }
  build.error(node.words[0], "\"" + node.name() + "\" directive is duplicate, \"" + other +
                                 "\" directive was specified earlier");
  return false;
}

// These variables are made from the directive that would be made from them.
bool refers_to_itself(Build& build, const Node& node) {
  for (const char* name : {"document_root", "realpath_root"}) {
    const std::string& text = node.argument(0);
    if (text.find(std::string("$") + name) != std::string::npos ||
        text.find(std::string("${") + name) != std::string::npos) {
      build.error(node.argument_word(0), std::string("the $") + name + " variable cannot be used in the \"" +
                                             node.name() + "\" directive");
      return true;
    }
  }
  return false;
}

conf::Expression compile_folder(Build& build, const Word& word, Kind kind) {
  std::string text = word.text;
  // What begins with a variable may come out absolute: that is seen when it is known.
  if (!text.starts_with('$')) { text = build.config.paths.from_prefix(text); }
  if (kind == Kind::root && text.ends_with('/')) { text.pop_back(); }
  return conf::Expression::compile(build, conf::Realm::http, word, text);
}

void set_root(Build& build, Scope& scope, const Node& node, const Row&) {
  if (!stands_alone(build, scope, node, "alias") || refers_to_itself(build, node)) { return; }
  auto& settings = scope.own<RootSettings>();
  settings.kind = Kind::root;
  settings.given = true;
  settings.folder = compile_folder(build, node.argument_word(0), Kind::root);
  settings.location_name.clear();
}

void set_alias(Build& build, Scope& scope, const Node& node, const Row&) {
  if (!stands_alone(build, scope, node, "root") || refers_to_itself(build, node)) { return; }
  const auto& location = *static_cast<const Location*>(scope.object);
  if (location.kind == Location::Kind::named) {
    build.error(node.words[0], "the \"alias\" directive cannot be used inside the named location");
    return;
  }
  auto& settings = scope.own<RootSettings>();
  settings.kind = location.kind == Location::Kind::regex ? Kind::whole : Kind::alias;
  settings.given = true;
  settings.folder = compile_folder(build, node.argument_word(0), settings.kind);
  settings.location_name = location.name;
}

const conf::Module<RootSettings> module(
    "http",
    {
        {"root", conf::kHttpServerLocation | conf::kLocationIf, arguments(1), set_root, "path",
         "Folder of files: the path of a request is appended to it. May contain variables; a relative one is "
         "below the prefix.",
         "html"},
        {"alias", conf::kLocation, arguments(1), set_alias, "path",
         "Folder that stands for the location's name: what follows the name in a request's path is appended. "
         "In a location of a regular expression it is the whole name of the file, with captures. May contain "
         "variables."},
    });

// --- mapping ---

// Whether a ".." comes out where text of the client's begins: an alias ending in a slash for a location
// without one would turn /img../secret into the folder above it.
bool climbs_at(string_view name, size_t joint) {
  size_t begin = name.rfind('/', joint == 0 ? 0 : joint - 1);
  begin = begin == string_view::npos ? 0 : begin + 1;
  size_t end = std::min(name.find('/', joint), name.size());
  return end > joint && end > begin && name.substr(begin, end - begin) == "..";
}

bool has_parent_segment(string_view name) {
  for (size_t at = name.find("/.."); at != string_view::npos; at = name.find("/..", at + 1)) {
    if (at + 3 == name.size() || name[at + 3] == '/') { return true; }
  }
  return false;
}

MappedFile refuse_climb(Request& request, string_view name) {
  SLUICE_REQUEST_LOG(request, error, 0, "\"%.*s\" leaves its folder", static_cast<int>(name.size()),
                     name.data());
  return {{}, 404};
}

// What of `path` goes behind the folder.
string_view rest_of(const RootSettings& settings, const Request& request, string_view path) {
  string_view replaced;
  if (settings.kind == Kind::alias) { replaced = settings.location_name; }
  if (settings.kind == Kind::whole) { replaced = request.located_path; }
  return path.starts_with(replaced) ? path.substr(replaced.size()) : path;
}

// A path that was rewritten inside its location need not begin with the location's name any more.
bool alias_applies(const RootSettings& settings, Request& request) {
  bool named = !request.rewritten_in_place && request.path.starts_with(settings.location_name);
  if (settings.kind != Kind::alias || named) { return true; }
  SLUICE_REQUEST_LOG(request, error, 0, "\"alias\" cannot be used in location \"%s\" where URI was rewritten",
                     settings.location_name.c_str());
  return false;
}

// --- variables ---

conf::Value get_document_root(conf::Evaluation& in, const conf::Variable&) {
  return folder_of(request_of(in));
}

conf::Value get_realpath_root(conf::Evaluation& in, const conf::Variable&) {
  Request& request = request_of(in);
  std::string folder(folder_of(request));
  char* real = ::realpath(folder.c_str(), nullptr);
  if (real == nullptr) {
    SLUICE_REQUEST_LOG(request, crit, errno, "realpath() \"%s\" failed", folder.c_str());
    return {};
  }
  string_view text = in.arena().copy(real);
  ::free(real);
  return text;
}

conf::Value get_request_filename(conf::Evaluation& in, const conf::Variable&) {
  Request& request = request_of(in);
  MappedFile file = map_file(request, request.path);
  if (file.refused != 0) { return {}; }
  return file.name;
}

const conf::VariableRow rows[] = {
    {conf::Realm::http, "document_root", get_document_root, "What root or alias say for this request."},
    {conf::Realm::http, "realpath_root", get_realpath_root, "$document_root with symbolic links resolved."},
    {conf::Realm::http, "request_filename", get_request_filename, "Name of the file the path stands for."},
};
const conf::Variables registered(rows);

}  // namespace

string_view folder_of(Request& request) {
  const auto& settings = request.settings<RootSettings>();
  const std::string& prefix = request.config.paths.prefix;
  if (!settings.given) { return request.arena().join(prefix, "html"); }
  string_view folder = settings.folder.evaluate(request);
  if (settings.folder.constant() || folder.starts_with('/')) { return folder; }
  return request.arena().join(prefix, folder);
}

MappedFile map_file(Request& request, string_view path) {
  const auto& settings = request.settings<RootSettings>();
  if (!alias_applies(settings, request)) { return {{}, 500}; }
  string_view folder = folder_of(request);
  string_view rest = rest_of(settings, request, path);
  // Of a rewritten path: "/html" and "-private/x" must not become a folder beside.
  if (settings.kind == Kind::root && !rest.starts_with('/')) { return refuse_climb(request, path); }
  string_view name = request.arena().join(folder, rest, string_view("", 1));
  name.remove_suffix(1);
  // Captures are pieces of the path, which has no dot segments; put elsewhere they may become some.
  bool captured = settings.kind == Kind::whole && !settings.folder.constant() &&
                  !has_parent_segment(settings.folder.text()) && has_parent_segment(name);
  if (captured || climbs_at(name, folder.size())) { return refuse_climb(request, name); }
  return {name};
}

}  // namespace sluice::http
