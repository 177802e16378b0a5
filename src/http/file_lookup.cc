#include "http/file_lookup.h"

#include "base/clock.h"
#include "base/text.h"
#include "conf/build.h"
#include "http/file_source.h"
#include "http/request.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using S = FileLookupSettings;

// One parameter of open_file_cache; false: it is none.
bool take_cache_parameter(string_view text, uint64_t& most, uint64_t& inactive) {
  constexpr string_view kMost = "max=";
  constexpr string_view kInactive = "inactive=";
  if (text.starts_with(kMost)) {
    most = conf::parse_number(text.substr(kMost.size())).value_or(0);
    return most != 0;
  }
  if (!text.starts_with(kInactive)) { return false; }
  auto time = conf::parse_seconds(text.substr(kInactive.size()));
  if (time) { inactive = time->count * 1000; }
  return time.has_value();
}

void set_cache(Build& build, Scope& scope, const Node& node, const Row& row) {
  if (node.argument(0) == "off" && node.argument_count() == 1) {
    scope.own<S>().cache = nullptr;
    return;
  }
  uint64_t most = 0;
  uint64_t inactive = 60'000;
  for (size_t i = 0; i < node.argument_count(); ++i) {
    if (!take_cache_parameter(node.argument(i), most, inactive)) {
      return conf::invalid_value(build, node, i, row, "off, max=number or inactive=time");
    }
  }
  if (most == 0) {
    build.error(node.words[0], "\"open_file_cache\" must have the \"max\" parameter");
    return;
  }
  scope.own<S>().cache = build.arena().own<FileCache>(most, inactive);
}

void set_symlinks(Build& build, Scope& scope, const Node& node, const Row& row) {
  const std::string& word = node.argument(0);
  if (word != "off" && word != "on" && word != "if_not_owner") {
    return conf::invalid_value(build, node, 0, row, "off, on or if_not_owner");
  }
  constexpr string_view kFrom = "from=";
  bool more = node.argument_count() == 2;
  if (more &&
      (word == "off" || !node.argument(1).starts_with(kFrom) || node.argument(1).size() == kFrom.size())) {
    return conf::invalid_value(build, node, 1, row, "from=part behind on or if_not_owner");
  }
  S& settings = scope.own<S>();
  settings.symlinks = word == "off"  ? Symlinks::follow
                      : word == "on" ? Symlinks::refuse
                                     : Symlinks::same_owner;
  settings.trusted = conf::Expression();
  if (more) {
    const conf::Word& from = node.argument_word(1);
    settings.trusted = conf::Expression::compile(build, conf::Realm::http, from,
                                                 string_view(from.text).substr(kFrom.size()));
  }
}

const conf::Module<S> module(
    "http",
    {
        {"open_file_cache", conf::kHttpServerLocation, arguments(1, 2), set_cache,
         "off | max=number [inactive=time]",
         "Remembers up to so many files of this block: descriptors, sizes, times, and which folders there "
         "are. "
         "When there are more, those leave that were not asked for longest, and in any case after the time "
         "of "
         "inactive (60s). Each worker has its own.",
         "off"},
        {"open_file_cache_valid", conf::kHttpServerLocation, &S::cache_valid, "time",
         "How long what open_file_cache remembers is taken for true.", "60s"},
        {"open_file_cache_min_uses", conf::kHttpServerLocation, &S::cache_min_uses, "number",
         "How often a file must be asked for, within the time of inactive, before it is kept open.", "1"},
        {"open_file_cache_errors", conf::kHttpServerLocation, &S::cache_errors, "on | off",
         "Whether open_file_cache remembers what could not be found, too.", "off"},
        {"disable_symlinks", conf::kHttpServerLocation, arguments(1, 2), set_symlinks,
         "off | on [from=part] | if_not_owner [from=part]",
         "Whether a path that has a symbolic link in it is refused with 403: always, or when the link and "
         "what "
         "it leads to belong to different users. A beginning of the path may be trusted (from, which may "
         "contain variables, such as $document_root).",
         "off"},
    });

// Paths that are looked up by different rules are different ones.
string_view key_of(Request& request, string_view name, const GuardedPath& path, bool direct) {
  if (path.symlinks == Symlinks::follow && !direct) { return name; }
  char rule[24];
  rule[0] = '\0';
  rule[1] = static_cast<char>('0' + static_cast<int>(path.symlinks));
  rule[2] = direct ? 'd' : '-';
  char* end = write_decimal(rule + 3, path.trusted);
  return request.arena().join(name, {rule, static_cast<size_t>(end - rule)});
}

FoundFile find(Request& request, string_view name, bool open) {
  const auto& settings = request.settings<S>();
  GuardedPath path = guarded_path(request, name);
  if (settings.cache == nullptr) { return find_file(path, open); }
  bool direct = request.settings<FileReadSettings>().direct_from != UINT64_MAX;
  FileCache::Rules rules{settings.cache_valid.count, settings.cache_min_uses, settings.cache_errors};
  return settings.cache->find(key_of(request, name, path, direct), path, open, rules, clock::now());
}

}  // namespace

GuardedPath guarded_path(Request& request, string_view name) {
  const auto& settings = request.settings<S>();
  GuardedPath path{name.data(), settings.symlinks, 0};
  if (settings.symlinks != Symlinks::follow && !settings.trusted.empty()) {
    path.trusted = trusted_part(name, settings.trusted.evaluate(request));
  }
  return path;
}

FoundFile open_file(Request& request, string_view name) { return find(request, name, true); }
FoundFile look_up_file(Request& request, string_view name) { return find(request, name, false); }

}  // namespace sluice::http
