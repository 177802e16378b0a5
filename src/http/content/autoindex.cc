#include "http/content/autoindex.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "conf/build.h"
#include "http/file_lookup.h"
#include "http/request.h"
#include "http/uri.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

enum class Form : uint8_t { html, xml, json, jsonp };

struct AutoindexSettings {
  bool on = false;
  Form form = Form::html;
  bool exact_size = true;
  bool local_time = false;
};

void set_form(Build& build, Scope& scope, const Node& node, const Row& row) {
  constexpr const char* kForms[] = {"html", "xml", "json", "jsonp"};
  for (size_t i = 0; i < std::size(kForms); ++i) {
    if (node.argument(0) == kForms[i]) {
      scope.own<AutoindexSettings>().form = static_cast<Form>(i);
      return;
    }
  }
  conf::invalid_value(build, node, 0, row, "html, xml, json or jsonp");
}

using S = AutoindexSettings;

const conf::Module<S> module(
    "http",
    {
        {"autoindex", conf::kHttpServerLocation, &S::on, "on | off",
         "Whether a folder without an index file is answered by the list of its files.", "off"},
        {"autoindex_format", conf::kHttpServerLocation, arguments(1), set_form, "html | xml | json | jsonp",
         "Form of the list. jsonp calls the function that the argument callback names; without it, it "
         "is json.",
         "html"},
        {"autoindex_exact_size", conf::kHttpServerLocation, &S::exact_size, "on | off",
         "Whether the html list shows sizes in bytes, or rounded to K, M and G.", "on"},
        {"autoindex_localtime", conf::kHttpServerLocation, &S::local_time, "on | off",
         "Whether the html list shows times of the local zone or UTC.", "off"},
    });

// --- reading ---

struct Entry {
  std::string name;
  bool folder;
  bool regular;
  int64_t size;
  int64_t changed;
};

// Files that begin with a dot are hidden; a link that leads nowhere is shown as itself.
std::optional<Entry> look_at(int folder, const char* name) {
  if (name[0] == '.') { return std::nullopt; }
  struct stat status;
  if (::fstatat(folder, name, &status, 0) != 0 &&
      ::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return std::nullopt;
  }
  return Entry{name, S_ISDIR(status.st_mode), S_ISREG(status.st_mode), status.st_size, status.st_mtime};
}

std::vector<Entry> read_folder(DIR* folder) {
  std::vector<Entry> entries;
  while (const dirent* found = ::readdir(folder)) {
    auto entry = look_at(::dirfd(folder), found->d_name);
    if (entry) { entries.push_back(std::move(*entry)); }
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.folder != b.folder ? a.folder : a.name < b.name; });
  return entries;
}

// --- html ---

constexpr size_t kNameWidth = 50;

void append_html(std::string& out, string_view text) {
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
}

// The name in its column; a longer one is cut, not within a character.
void append_name(std::string& out, const std::string& name) {
  if (name.size() <= kNameWidth) {
    append_html(out, name);
    out += "</a>";
    out.append(kNameWidth - name.size(), ' ');
    return;
  }
  size_t cut = kNameWidth - 3;
  while (cut > 0 && (static_cast<unsigned char>(name[cut]) & 0xc0) == 0x80) { --cut; }
  append_html(out, string_view(name).substr(0, cut));
  out += "..&gt;</a>";
  out.append(kNameWidth - 3 - cut, ' ');
}

void append_rounded(std::string& out, int64_t size) {
  struct Unit {
    int64_t least, bytes;
    char letter;
  };
  constexpr Unit kUnits[] = {{1 << 30, 1 << 30, 'G'}, {1 << 20, 1 << 20, 'M'}, {10'000, 1 << 10, 'K'}};
  for (const Unit& unit : kUnits) {
    if (size >= unit.least) {
      append_format(out, "%6lld%c", static_cast<long long>((size + unit.bytes / 2) / unit.bytes),
                    unit.letter);
      return;
    }
  }
  append_format(out, "%7lld", static_cast<long long>(size));
}

void append_row(std::string& out, const Entry& entry, const AutoindexSettings& settings) {
  out += "<a href=\"";
  append_escaped(out, entry.name, Escape::component);
  out += entry.folder ? "/\">" : "\">";
  append_name(out, entry.folder ? entry.name + "/" : entry.name);
  tm parts{};
  time_t moment = entry.changed;
  settings.local_time ? ::localtime_r(&moment, &parts) : ::gmtime_r(&moment, &parts);
  // Not strftime: its months depend on the locale.
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  append_format(out, " %02d-%s-%d %02d:%02d ", parts.tm_mday, kMonths[parts.tm_mon], parts.tm_year + 1900,
                parts.tm_hour, parts.tm_min);
  if (entry.folder) {
    out.append(settings.exact_size ? 18 : 6, ' ');
    out += '-';
  } else if (settings.exact_size) {
    append_format(out, "%19lld", static_cast<long long>(entry.size));
  } else {
    append_rounded(out, entry.size);
  }
  out += "\r\n";
}

std::string as_html(const Request& request, const std::vector<Entry>& entries) {
  const auto& settings = request.settings<AutoindexSettings>();
  std::string out = "<html>\r\n<head><title>Index of ";
  append_html(out, request.path);
  out += "</title></head>\r\n<body>\r\n<h1>Index of ";
  append_html(out, request.path);
  out += "</h1><hr><pre><a href=\"../\">../</a>\r\n";
  for (const Entry& entry : entries) { append_row(out, entry, settings); }
  return out + "</pre><hr></body>\r\n</html>\r\n";
}

// --- for programs ---

const char* type_of(const Entry& entry) {
  return entry.folder ? "directory" : entry.regular ? "file" : "other";
}

std::string as_xml(const std::vector<Entry>& entries) {
  std::string out = "<?xml version=\"1.0\"?>\r\n<list>\r\n";
  for (const Entry& entry : entries) {
    tm parts{};
    time_t moment = entry.changed;
    ::gmtime_r(&moment, &parts);
    append_format(out, "<%s mtime=\"%04d-%02d-%02dT%02d:%02d:%02dZ\"", type_of(entry), parts.tm_year + 1900,
                  parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    if (entry.regular) { append_format(out, " size=\"%lld\"", static_cast<long long>(entry.size)); }
    out += '>';
    append_html(out, entry.name);
    append_format(out, "</%s>\r\n", type_of(entry));
  }
  return out + "</list>\r\n";
}

void append_json(std::string& out, string_view text) {
  for (char c : text) {
    constexpr string_view kPlain = "\"\\\b\f\n\r\t";
    constexpr string_view kEscaped = "\"\\bfnrt";
    size_t known = kPlain.find(c);
    if (known != string_view::npos) {
      out += '\\';
      out += kEscaped[known];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      append_format(out, "\\u%04X", c);
    } else {
      out += c;
    }
  }
}

std::string as_json(const std::vector<Entry>& entries) {
  std::string out = "[\r\n";
  for (const Entry& entry : entries) {
    out += out.size() > 3 ? ",\r\n{ \"name\":\"" : "{ \"name\":\"";
    append_json(out, entry.name);
    char date[clock::kHttpDateSize];
    clock::write_http_date(date, entry.changed);
    append_format(out, "\", \"type\":\"%s\", \"mtime\":\"%.*s\"", type_of(entry),
                  static_cast<int>(sizeof date), date);
    if (entry.regular) { append_format(out, ", \"size\":%lld", static_cast<long long>(entry.size)); }
    out += " }";
  }
  return out + (entries.empty() ? "]" : "\r\n]");
}

string_view callback_of(string_view query) {
  while (!query.empty()) {
    Split argument = split(query, '&');
    if (argument.head.starts_with("callback=")) { return argument.head.substr(9); }
    query = argument.tail;
  }
  return {};
}

// Nothing but a name: the rest would be a script of the client's choice on our site.
bool is_function_name(string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alpha(c) || is_digit(c) || c == '_' || c == '.'; });
}

// --- the answer ---

Verdict refuse_folder(Request& request, string_view folder, int error) {
  SLUICE_REQUEST_LOG(request, error, error, "opendir() \"%s\" failed", folder.data());
  return request.refuse(status_of_missing(error));
}

Verdict send_list(Request& request, string_view type, const std::string& text) {
  Response& response = request.response;
  response.status = 200;
  response.content_type = type;
  response.length = static_cast<int64_t>(text.size());
  response.body.append(request.arena().copy(text));
  return Verdict::done;
}

Verdict send_form(Request& request, Form form, const std::vector<Entry>& entries) {
  if (form == Form::html) { return send_list(request, "text/html", as_html(request, entries)); }
  if (form == Form::xml) { return send_list(request, "text/xml; charset=utf-8", as_xml(entries)); }
  string_view callback = form == Form::jsonp ? callback_of(request.query) : string_view();
  if (callback.empty()) { return send_list(request, "application/json", as_json(entries)); }
  std::string text = "/* callback */\r\n" + std::string(callback) + "(" + as_json(entries) + ");";
  return send_list(request, "application/javascript", text);
}

}  // namespace

Verdict answer_with_list(Request& request, string_view folder) {
  const auto& settings = request.settings<AutoindexSettings>();
  bool reads = request.head.method == Method::get || request.head.method == Method::head;
  if (!settings.on || !reads) { return Verdict::next; }
  if (settings.form == Form::jsonp && !is_function_name(callback_of(request.query))) {
    return request.refuse(400);
  }
  int fd = open_path(guarded_path(request, folder), O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) { return refuse_folder(request, folder, errno); }
  std::unique_ptr<DIR, int (*)(DIR*)> open(::fdopendir(fd), ::closedir);
  if (open == nullptr) {
    ::close(fd);
    return refuse_folder(request, folder, ENOMEM);
  }
  return send_form(request, settings.form, read_folder(open.get()));
}

}  // namespace sluice::http
