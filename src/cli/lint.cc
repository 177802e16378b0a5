// sluice lint: all that is wrong or doubtful in a configuration, for a person, a program or a code review.
#include "conf/lint.h"

#include <unistd.h>

#include <cstdio>

#include "base/text.h"
#include "cli/command.h"
#include "cli/json.h"
#include "net/address.h"
#include "os/load.h"

namespace sluice::cli {

namespace {

using conf::Diagnostic;

constexpr const char* kUsage = "lint [--format text|json|github] [-c FILE] [-p PREFIX] [-g DIRECTIVES]";
constexpr const char* kAbout =
    "Reads a configuration and tells all that is wrong or doubtful in it. It opens nothing but the files of\n"
    "the configuration, looks no names up and needs no rights. A comment \"# lint: ignore ID ...\" on the "
    "line\n"
    "of a warning or above it silences the warning.\n"
    "\n"
    "Exit code: 0 when there is nothing, 1 for warnings, 2 for errors.";

constexpr size_t kMostFindings = 10'000;

bool is_error(const Diagnostic& one) { return one.kind == Diagnostic::Kind::error; }

std::string file_of(const conf::Position& at) { return at.file == nullptr ? "" : at.file->path; }

Json place(const conf::Position& at, uint32_t length) {
  Json out = Json::object();
  out.set("file", file_of(at)).set("line", at.line).set("column", at.column).set("length", length);
  return out;
}

std::string json_of(const conf::Diagnostics& diagnostics) {
  Json findings = Json::array();
  for (const Diagnostic* one : diagnostics.sorted()) {
    Json finding = place(one->at, one->length);
    finding.set("id", one->id.empty() ? (is_error(*one) ? "error" : "warning") : one->id);
    finding.set("severity", is_error(*one) ? "error" : "warning");
    finding.set("message", one->text).set("hint", one->hint);
    Json related = Json::array();
    for (const conf::Related& other : one->related) {
      Json at = place(other.at, other.length);
      at.set("message", other.text);
      related.add(std::move(at));
    }
    finding.set("related", std::move(related));
    findings.add(std::move(finding));
  }
  Json out = Json::object();
  out.set("findings", std::move(findings)).set("dropped", uint64_t{diagnostics.dropped()});
  return out.text();
}

// A workflow command: what ends it, or one of its properties, is written by its number.
std::string escaped(std::string_view text, bool property) {
  std::string out;
  for (char c : text) {
    bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    if (special) {
      append_format(out, "%%%02X", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string github_of(const conf::Diagnostics& diagnostics) {
  std::string out;
  for (const Diagnostic* one : diagnostics.sorted()) {
    out += is_error(*one) ? "::error " : "::warning ";
    out += "file=" + escaped(file_of(one->at), true);
    append_format(out, ",line=%u,col=%u,endColumn=%u", one->at.line, one->at.column,
                  one->at.column + one->length);
    if (!one->id.empty()) { out += ",title=" + escaped(one->id, true); }
    out += "::" + escaped(one->text + (one->hint.empty() ? "" : "; " + one->hint), false) + "\n";
  }
  return out;
}

std::string rules_text() {
  std::string out;
  for (const conf::LintRule* rule : conf::lint_rules()) {
    append_format(out, "%-26s %s\n", rule->id, rule->manual);
  }
  return out;
}

int run(const std::vector<std::string>& arguments, const char* binary) {
  ConfigurationOptions configuration;
  std::string format = "text";
  bool rules = false;
  std::vector<std::string> words;
  int code = 0;
  std::vector<Option> options = configuration.with(
      {{"--format", "NAME", "text, json, or github (annotations of a workflow)", nullptr, &format},
       {"--rules", "", "print the ids of all warnings and what they mean", &rules}});
  if (!read_arguments(arguments, kUsage, kAbout, options, words, code)) { return code; }
  if (!words.empty()) {
    return say_usage("unexpected argument \"" + words[0] + "\"; a file is named with -c");
  }
  if (!known_format(format, {"text", "json", "github"})) { return kUsageError; }
  if (rules) {
    print(rules_text());
    return 0;
  }
  net::resolve_nothing();
  os::LoadOptions how;
  how.elsewhere = true;
  how.most_findings = kMostFindings;
  os::Loaded loaded = os::load(configuration.invocation(binary), how);
  // Where braces do not match, everything stands in a wrong place.
  if (loaded.tree.balanced) { conf::lint(loaded.tree, loaded.diagnostics); }
  conf::silence(loaded.tree, loaded.diagnostics);
  const conf::Diagnostics& found = loaded.diagnostics;
  print(format == "json" ? json_of(found) : format == "github" ? github_of(found) : found.render());
  return found.failed() ? 2 : found.all().empty() ? 0 : 1;
}

const CommandRow row{"lint", "tell what is wrong or doubtful in a configuration", run};
const CommandRegistration registered(row);

}  // namespace

}  // namespace sluice::cli
