// `try_files`: the first of several paths that has a file is served, or else the last one is gone to.
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

struct Candidate {
  conf::Expression path;
  bool folder = false;  // asked for by a slash at the end
};

struct TryFilesSettings {
  std::vector<Candidate> candidates;
  conf::Expression fallback;  // when code is negative
  int code = -1;
};

bool take_code(Build& build, const conf::Word& word, TryFilesSettings& settings) {
  auto code = conf::parse_number(string_view(word.text).substr(1));
  if (!code || *code > 999) {
    build.error(word, "invalid code \"" + word.text + "\"", "= is followed by a status code");
    return false;
  }
  settings.code = static_cast<int>(*code);
  return true;
}

void set_try_files(Build& build, Scope& scope, const Node& node, const Row&) {
  TryFilesSettings settings;
  size_t last = node.argument_count() - 1;
  for (size_t i = 0; i < last; ++i) {
    string_view text = node.argument(i);
    bool folder = text.ends_with('/');
    settings.candidates.push_back(
        {conf::Expression::compile(build, conf::Realm::http, node.argument_word(i), text), folder});
  }
  const conf::Word& word = node.argument_word(last);
  if (word.text.starts_with('=')) {
    if (!take_code(build, word, settings)) { return; }
  } else {
    settings.fallback = conf::Expression::compile(build, conf::Realm::http, word);
  }
  scope.own<TryFilesSettings>() = std::move(settings);
}

const conf::Module<TryFilesSettings> module(
    "http",
    {
        {"try_files", conf::kServer | conf::kLocation, arguments(2, conf::kAny), set_try_files,
         "file … uri | file … =code",
         "Paths looked for below root or alias, in this order; a trailing slash asks for a folder. The first "
         "that exists becomes the request's path and is served here. When none does, the last argument is an "
         "internal redirect, to a path or to a @named location, or the status to answer with."},
    },
    conf::Inherit::no);

// With an alias a fixed text names a file below the folder. What was made of variables is a path, which
// begins with the location's name, or else such a file.
string_view path_of(Request& request, const conf::Expression& candidate) {
  string_view path = candidate.evaluate(request);
  const auto& root = request.settings<RootSettings>();
  bool is_path = !candidate.constant() && path.starts_with(root.location_name);
  if (root.kind != RootSettings::Kind::alias || is_path) { return path; }
  return request.arena().join(root.location_name, path);
}

void serve_here(Request& request, string_view path) {
  if (path == request.path) { return; }
  request.path = path;
  request.unchanged_target = {};
}

class TryFiles final : public Step {
 public:
  explicit TryFiles(const TryFilesSettings& settings) : settings_(settings) {}

  Verdict check(Request& request) const override {
    for (const Candidate& candidate : settings_.candidates) {
      string_view path = path_of(request, candidate.path);
      if (path.empty()) { continue; }
      // Without the slash that asked for a folder: a path that has none of its own is redirected to one.
      if (candidate.folder) { path.remove_suffix(1); }
      MappedFile file = map_file(request, path);
      if (file.refused == 500) { return request.refuse(500); }
      if (file.refused != 0 || !exists(request, file.name, candidate.folder)) { continue; }
      serve_here(request, path);
      return Verdict::next;
    }
    return settings_.code >= 0 ? answer_code(request) : fall_back(request);
  }

 private:
  static bool exists(Request& request, string_view name, bool folder) {
    FoundFile found = look_up_file(request, name);
    return found.error == 0 && found.status.folder == folder;
  }

  Verdict answer_code(Request& request) const {
    if (settings_.code == 444) {
      request.discard_connection = true;
      return Verdict::done;
    }
    return request.refuse(static_cast<uint16_t>(settings_.code));
  }

  Verdict fall_back(Request& request) const {
    string_view target = settings_.fallback.evaluate(request);
    if (target.starts_with('@')) { return request.redirect_to_named(target); }
    size_t mark = target.find('?');
    bool has_query = mark != string_view::npos;
    return request.redirect_internally(target.substr(0, mark),
                                       has_query ? target.substr(mark + 1) : string_view(), has_query);
  }

  const TryFilesSettings& settings_;
};

const Step* make_try_files(Arena& arena, const conf::Settings& settings) {
  const auto& own = settings.get<TryFilesSettings>();
  return own.candidates.empty() ? nullptr : arena.own<TryFiles>(own);
}

const StepRow row = {"try_files", Phase::precontent, 10, make_try_files};
const StepRegistration registered(row);

}  // namespace

}  // namespace sluice::http
