// sluice migrate-check: whether a configuration of nginx would do the same here.
#include <unistd.h>

#include <climits>
#include <cstdio>

#include "base/text.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/migration.h"
#include "cli/provenance.h"
#include "conf/parser.h"
#include "net/address.h"
#include "os/load.h"

namespace sluice::cli {

namespace {

using Status = MigrationFinding::Status;

constexpr const char* kUsage = "migrate-check [--format text|json] [--all] FILE";
constexpr const char* kAbout =
    "Reads a configuration of nginx, such as /etc/nginx/nginx.conf, and tells of each directive whether it\n"
    "does the same here (supported), something else or nothing (different), or is not there (unsupported).\n"
    "Relative includes are looked for beside FILE, and so are those below /etc/nginx when they are not "
    "there.\n"
    "Certificates, includes and other files that are missing are notes. Nothing is written or looked up, "
    "and\n"
    "no rights are needed.\n"
    "\n"
    "Exit code: 0 when everything is supported or different, 1 when something is not, 2 when the file\n"
    "cannot be read or its syntax is broken.";

const char* name_of(Status status) {
  return status == Status::supported   ? "supported"
         : status == Status::different ? "different"
                                       : "unsupported";
}

std::string summary_of(const Migration& migration) {
  return format("%zu directives: %zu supported, %zu different, %zu unsupported; %zu notes\n",
                migration.directives.size(), migration.count(Status::supported),
                migration.count(Status::different), migration.count(Status::unsupported),
                migration.notes.size());
}

std::string text_of(const Migration& migration, bool all) {
  std::string out;
  for (const MigrationFinding& one : migration.directives) {
    if (one.status == Status::supported && !all) { continue; }
    out += place_of(one.node->words[0].at) + ": " + name_of(one.status) + ": " + one.node->name();
    if (!one.detail.empty()) { out += ": " + one.detail; }
    out += "\n";
  }
  for (const conf::Diagnostic* note : migration.notes) {
    std::string place = place_of(note->at);
    out += (place.empty() ? "" : place + ": ") + "note: " + note->text + "\n";
  }
  return out + summary_of(migration);
}

std::string json_of(const Migration& migration) {
  Json directives = Json::array();
  for (const MigrationFinding& one : migration.directives) {
    const conf::Position& at = one.node->words[0].at;
    Json finding = Json::object();
    finding.set("file", at.file->path).set("line", at.line).set("column", at.column);
    finding.set("name", one.node->name()).set("context", conf::context_names(one.context));
    finding.set("status", name_of(one.status)).set("detail", one.detail);
    directives.add(std::move(finding));
  }
  Json notes = Json::array();
  for (const conf::Diagnostic* one : migration.notes) {
    Json note = Json::object();
    note.set("file", one->at.file == nullptr ? "" : one->at.file->path).set("line", one->at.line);
    note.set("text", one->text);
    notes.add(std::move(note));
  }
  Json summary = Json::object();
  summary.set("directives", uint64_t{migration.directives.size()});
  for (Status status : {Status::supported, Status::different, Status::unsupported}) {
    summary.set(name_of(status), uint64_t{migration.count(status)});
  }
  summary.set("notes", uint64_t{migration.notes.size()});
  Json out = Json::object();
  out.set("directives", std::move(directives))
      .set("notes", std::move(notes))
      .set("summary", std::move(summary));
  return out.text();
}

// A path as a shell gives it: relative to where it is.
std::string from_here(const std::string& path) {
  char folder[PATH_MAX];
  bool relative = !path.starts_with('/') && getcwd(folder, sizeof folder) != nullptr;
  return relative ? std::string(folder) + "/" + path : path;
}

int check(const std::string& file, const std::string& form, bool all, const char* binary) {
  ConfigurationOptions configuration;
  configuration.conf = from_here(file);
  os::Invocation invocation = configuration.invocation(binary);
  conf::Diagnostics syntax;
  conf::ParseOptions options;
  options.include_base = invocation.paths.conf_prefix;
  options.includes = conf::Includes::excuse;
  conf::Tree tree = conf::parse_file(invocation.paths.conf_path, options, syntax);
  if (syntax.failed()) {
    fputs(syntax.render().c_str(), stderr);
    return kUsageError;
  }
  net::resolve_nothing();
  os::LoadOptions how;
  how.includes = conf::Includes::excuse;
  how.elsewhere = true;
  // Each error decides what is said of one directive.
  how.most_findings = SIZE_MAX;
  os::Loaded loaded = os::load(invocation, how);
  Migration migration = check_migration(loaded.tree, loaded.diagnostics);
  print(form == "json" ? json_of(migration) : text_of(migration, all));
  return migration.count(Status::unsupported) > 0 ? 1 : 0;
}

int run(const std::vector<std::string>& arguments, const char* binary) {
  std::string form = "text";
  bool all = false;
  std::vector<std::string> words;
  int code = 0;
  std::vector<Option> options = {{"--format", "NAME", "text or json", nullptr, &form},
                                 {"--all", "", "name what is supported as well (json always does)", &all}};
  if (!read_arguments(arguments, kUsage, kAbout, options, words, code)) { return code; }
  if (words.size() != 1) {
    return say_usage(words.empty() ? "the name of a file is missing" : "one file is enough");
  }
  if (!known_format(form, {"text", "json"})) { return kUsageError; }
  return check(words[0], form, all, binary);
}

const CommandRow row{"migrate-check", "tell whether a configuration of nginx does the same here", run};
const CommandRegistration registered(row);

}  // namespace

}  // namespace sluice::cli
