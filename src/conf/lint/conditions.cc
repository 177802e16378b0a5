// if, rewrite, return, allow and deny: the traps that nginx's users know as "if is evil" and "taxing
// rewrites".
#include <algorithm>

#include "conf/lint.h"
#include "conf/lint/names.h"
#include "conf/lint/pattern.h"

namespace sluice::conf {

namespace {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// An if is a location of its own, which replaces the one around it for all that its directives concern; only
// those that run at once are what they seem.
void check_settings(const Site& site, Findings& out) {
  if (!site.is("if") || site.outer == nullptr || !site.outer->is("location")) { return; }
  bool ends = std::any_of(site.node.children.begin(), site.node.children.end(), [](const Node& node) {
    return node.name() == "return" || (node.name() == "rewrite" && last_argument(node) != "break");
  });
  if (ends) { return; }
  // Where nothing else is said, the last one alone is what it seems.
  size_t conditions = site.outer->all("if").size();
  bool fragile = conditions > 1 || site.outer->first("try_files") != nullptr;
  for (const Node& node : site.node.children) {
    if (is_one_of(node.name(), {"set", "break", "rewrite", "return", "rewrite_log"})) { continue; }
    if (!fragile && is_one_of(node.name(), {"access_log", "limit_rate", "limit_rate_after", "expires"})) {
      continue;
    }
    out.warn(
        node.words[0], "\"" + node.name() + "\" in an \"if\" of a location does not do what it seems to",
        "the last if that matches replaces the location, and what it does not inherit is lost; use map, or "
        "return to a location of its own",
        {related(site.node.words[0], "only return, rewrite, set and break are safe here")});
    return;
  }
}

bool asks_for_file(const Site& site) {
  if (!site.is("if") || site.node.argument_count() != 2) { return false; }
  std::string_view test = site.node.argument(0), name = site.node.argument(1);
  return is_one_of(test, {"(!-e", "(!-f", "(!-d"}) && name == "$request_filename)";
}

void check_file(const Site& site, Findings& out) {
  if (!asks_for_file(site)) { return; }
  bool goes_on = site.first("rewrite") != nullptr || site.first("proxy_pass") != nullptr;
  if (goes_on) {
    out.warn(site.node.words[0], "try_files says this without an \"if\"",
             "for example: try_files $uri $uri/ /index.php?$args;");
  }
}

bool is_redirect_code(std::string_view code) { return is_one_of(code, {"301", "302", "303", "307", "308"}); }

bool has_scheme(std::string_view target) { return target.find("://") != std::string_view::npos; }

void check_rewrite(const Site& site, Findings& out) {
  for (const Node* node : site.all("rewrite")) {
    if (node->argument_count() < 2 || !has_scheme(node->argument(1))) { continue; }
    if (!pattern::matches_everything(node->argument(0))) { continue; }
    bool permanent = last_argument(*node) == "permanent";
    std::string_view target = node->argument(1);
    bool keeps_path = target.ends_with("/$1") || target.ends_with("$1") || target.ends_with("$request_uri?");
    out.warn(node->words[0], "a redirect of every path needs no regular expression",
             std::string("say: return ") + (permanent ? "301 " : "302 ") +
                 std::string(target.substr(0, target.find('/', target.find("://") + 3))) +
                 (keeps_path ? "$request_uri;" : "…;"));
  }
}

// "return 301 example.com/x" leads to a path of that name below the current one.
void check_target(const Site& site, Findings& out) {
  auto relative = [](std::string_view target) {
    return !target.empty() && target[0] != '/' && target[0] != '$' && target[0] != '#' && target[0] != '?' &&
           !has_scheme(target);
  };
  for (const Node* node : site.all("return")) {
    if (node->argument_count() != 2 || !is_redirect_code(node->argument(0)) || !relative(node->argument(1))) {
      continue;
    }
    out.warn(node->argument_word(1), "the target is taken for a path", "begin it with https:// or /");
  }
  for (const Node* node : site.all("rewrite")) {
    if (node->argument_count() < 2 || !relative(node->argument(1))) { continue; }
    out.warn(node->argument_word(1), "the new path does not begin with a slash",
             "begin it with / or https://");
  }
}

size_t variable_at(std::string_view text, std::string_view name) {
  for (size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    size_t end = at + name.size();
    char next = end < text.size() ? text[end] : ' ';
    if (next != '_' && !(next >= 'a' && next <= 'z') && !(next >= '0' && next <= '9')) { return at; }
  }
  return std::string_view::npos;
}

void check_decoded(const Site& site, Findings& out) {
  for (const Node* node : site.all("return")) {
    if (node->argument_count() == 0) { continue; }
    bool redirect = node->argument_count() == 1 || is_redirect_code(node->argument(0));
    std::string_view target = last_argument(*node);
    for (std::string_view name : {"$uri", "$document_uri"}) {
      if (!redirect || variable_at(target, name) == std::string_view::npos) { continue; }
      out.warn(node->words.back(),
               "\"" + std::string(name) + "\" is decoded and has no arguments: the redirect leads elsewhere",
               "use $request_uri");
    }
  }
}

void check_access(const Site& site, Findings& out) {
  const Node* all = nullptr;
  for (const Node& node : site.node.children) {
    if (!is_one_of(node.name(), {"allow", "deny"}) || node.argument_count() != 1) { continue; }
    if (all != nullptr) {
      out.warn(node.words[0], "this rule is never come to", "the first rule that matches decides",
               {related(all->words[0], "decides for everybody")});
      return;
    }
    if (node.argument(0) == "all") { all = &node; }
  }
}

// A list that lets some in and keeps nobody out.
void check_allow(const Site& site, Findings& out) {
  const Node* allow = site.first("allow");
  if (allow == nullptr || last_argument(*allow) == "all" || site.first("deny") != nullptr) { return; }
  out.warn(allow->words[0], "everybody is allowed: nothing is denied here", "end the list with: deny all;");
}

void check_error_log(const Site& site, Findings& out) {
  for (const Node* node : site.all("error_log")) {
    if (node->argument_count() == 0 || node->argument(0) != "off") { continue; }
    out.warn(node->argument_word(0), "this is a file with the name \"off\"",
             "say: error_log /dev/null crit;");
  }
}

void check_tls(const Site& site, Findings& out) {
  for (const char* name : {"ssl_protocols", "proxy_ssl_protocols"}) {
    for (const Node* node : site.all(name)) {
      for (size_t i = 0; i < node->argument_count(); ++i) {
        if (!is_one_of(node->argument(i), {"SSLv2", "SSLv3", "TLSv1", "TLSv1.1"})) { continue; }
        out.warn(node->argument_word(i), "\"" + node->argument(i) + "\" is broken and no client needs it",
                 "TLSv1.2 TLSv1.3 is enough (RFC 8996)");
        break;
      }
    }
  }
}

const LintRule settings{"if-settings", "An if of a location holds more than return, rewrite, set and break.",
                        check_settings};
const LintRule file{"if-file", "An if asks whether a file exists, which try_files does.", check_file};
const LintRule rewrite{"rewrite-return", "A rewrite redirects every path, which return does without a regex.",
                       check_rewrite};
const LintRule target{"redirect-target",
                      "The target of a redirect or rewrite lacks its scheme or first slash.", check_target};
const LintRule decoded{"redirect-decoded", "A redirect to $uri, which is decoded and lacks the arguments.",
                       check_decoded};
const LintRule access{"access-order", "allow or deny behind a rule for all.", check_access};
const LintRule allow{"allow-without-deny", "allow without a deny, which excludes nobody.", check_allow};
const LintRule error_log{"error-log-off", "error_log off writes to a file of that name.", check_error_log};
const LintRule tls{"weak-tls", "A version of TLS that is not to be used any more.", check_tls};
const LintRegistration settings_registered(settings), file_registered(file), rewrite_registered(rewrite),
    target_registered(target), decoded_registered(decoded), access_registered(access), tls_registered(tls),
    allow_registered(allow), error_log_registered(error_log);

}  // namespace

}  // namespace sluice::conf
