#include "conf/print.h"

#include <algorithm>
#include <tuple>

#include "conf/directive.h"
#include "conf/variable.h"

namespace sluice::conf {

namespace {

constexpr size_t kWidth = 78;  // of plain text

// All rows by name, then by where they may stand: the order of linking must not show.
std::vector<const Row*> sorted_rows() {
  std::vector<const Row*> rows;
  for (const ModuleInfo* module : modules()) {
    for (const Row& row : module->rows) { rows.push_back(&row); }
  }
  std::sort(rows.begin(), rows.end(), [](const Row* a, const Row* b) {
    return std::tuple(std::string_view(a->name), a->contexts) <
           std::tuple(std::string_view(b->name), b->contexts);
  });
  return rows;
}

// "gzip on | off;"
std::string usage(const Row& row) {
  constexpr std::string_view kLabel = "syntax: ";
  return syntax_of(row).substr(kLabel.size());
}

std::string default_of(const Row& row) {
  return *row.default_text == '\0' ? "" : row.name + " " + row.default_text + ";";
}

std::string shown_name(const VariableRow& row) {
  return std::string("$") + row.name + (row.prefix ? "name" : "");
}

// Text as it is, for a line of mdoc: no escape or request may come of it.
std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    bool line_start = out.empty() || out.back() == '\n';
    if (line_start && (c == '.' || c == '\'')) { out += "\\&"; }
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  size_t at;
  while ((at = out.find("…")) != std::string::npos) { out.replace(at, std::string_view("…").size(), "..."); }
  return out;
}

void mdoc_fact(std::string& out, const char* label, const std::string& fact) {
  if (!fact.empty()) { out += std::string(label) + ": " + escaped(fact) + "\n.br\n"; }
}

void mdoc_directive(std::string& out, const Row& row) {
  out += ".It Ic " + row.name + "\n";
  out += "Syntax: \\fB" + escaped(usage(row)) + "\\fR\n.br\n";
  mdoc_fact(out, "Default", default_of(row));
  mdoc_fact(out, "Context", context_names(row.contexts));
  mdoc_fact(out, "Module", row.module);
  out += escaped(row.manual) + "\n";
}

void mdoc_variables(std::string& out, Realm realm, const char* where) {
  std::vector<const VariableRow*> rows = Variables::all(realm);
  if (rows.empty()) { return; }
  out += std::string(".Ss In ") + where + "\n.Bl -tag -width Ds\n";
  for (const VariableRow* row : rows) {
    out += ".It Va " + escaped(shown_name(*row)) + "\n" + escaped(row->manual) + "\n";
  }
  out += ".El\n";
}

// Words of `text` in lines of at most kWidth columns, each after `indent` blanks.
void append_wrapped(std::string& out, std::string_view text, size_t indent) {
  size_t column = 0;
  while (!text.empty()) {
    size_t end = std::min(text.find_first_of(" \n"), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) { continue; }
    if (column > 0 && column + 1 + word.size() > kWidth) {
      out += '\n';
      column = 0;
    }
    if (column == 0) {
      out.append(indent, ' ');
      column = indent;
    } else {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  out += '\n';
}

void plain_fact(std::string& out, const char* label, const std::string& fact) {
  if (!fact.empty()) { out += std::string("    ") + label + fact + "\n"; }
}

void plain_directive(std::string& out, const Row& row) {
  out += row.name + "\n";
  plain_fact(out, "syntax:  ", usage(row));
  plain_fact(out, "default: ", default_of(row));
  plain_fact(out, "context: ", context_names(row.contexts));
  plain_fact(out, "module:  ", row.module);
  append_wrapped(out, row.manual, 4);
  out += '\n';
}

void plain_variables(std::string& out, Realm realm, const char* where) {
  std::vector<const VariableRow*> rows = Variables::all(realm);
  if (rows.empty()) { return; }
  out += std::string("VARIABLES IN ") + where + "\n\n";
  for (const VariableRow* row : rows) {
    out += shown_name(*row) + "\n";
    append_wrapped(out, row->manual, 4);
    out += '\n';
  }
}

constexpr const char* kPageStart = R"(.Dd $Mdocdate$
.Dt SLUICE.CONF 5
.Os Sluice
.Sh NAME
.Nm sluice.conf
.Nd configuration of the sluice reverse proxy
.Sh DESCRIPTION
The file is made of directives.
A simple directive is a name and its arguments, separated by blanks and ended by a semicolon.
A block directive ends in a pair of braces instead, with directives between them.
A word that holds blanks, semicolons or braces is put in double or single quotes.
A
.Sq #
at the start of a word makes the rest of the line a comment.
.Pp
A block inherits the settings of the block around it.
A directive that takes a list replaces the inherited list.
.Pp
Sizes are bytes, or end in k, m or g.
Times are seconds, or end in ms, s, m, h, d, w, M (30 days) or y (365 days), and can be combined: 1h 30m.
.Pp
.Sq ${env:NAME}
in any word is the value that NAME has in the environment when the configuration is read, and
.Sq ${env:NAME:-default}
the default when it is unset or empty.
Whatever the value holds is text: blanks, quotes and dollars in it mean nothing.
A default with blanks, semicolons or braces stands in a word in quotes.
.Sq \e${env:
stands for these characters themselves.
.Pp
.Ic include
.Ar file | mask ;
stands anywhere and is replaced by the contents of the files.
)";

}  // namespace

std::string dump(const Tree& tree) {
  std::string out;
  for (const auto& file : tree.files) {
    if (file->path != kCommandLine) {
      out += "# configuration file " + file->path + ":\n" + file->text + "\n";
    }
  }
  return out;
}

std::string manual_mdoc() {
  std::string out = kPageStart;
  out += ".Sh DIRECTIVES\n.Bl -tag -width Ds\n";
  for (const Row* row : sorted_rows()) { mdoc_directive(out, *row); }
  out += ".El\n.Sh VARIABLES\nA variable is written $name or ${name}; its name does not depend on case.\n";
  mdoc_variables(out, Realm::http, "http");
  mdoc_variables(out, Realm::stream, "stream");
  out += ".Sh SEE ALSO\n.Xr sluice 8\n";
  return out;
}

std::string manual_plain() {
  std::string out = "DIRECTIVES\n\n";
  for (const Row* row : sorted_rows()) { plain_directive(out, *row); }
  plain_variables(out, Realm::http, "HTTP");
  plain_variables(out, Realm::stream, "STREAM");
  return out;
}

}  // namespace sluice::conf
