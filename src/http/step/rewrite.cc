// `rewrite`: a path that matches becomes another one, or a redirect.
#include "base/text.h"
#include "conf/expression.h"
#include "conf/matcher.h"
#include "http/step/redirect_text.h"
#include "http/step/script.h"
#include "http/uri.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;
using conf::Word;

// What was captured of a path was decoded once. It is escaped for a query or a redirect when the client's own
// path had something to decode, as nginx does it.
string_view escape_captured(conf::Evaluation& in, string_view captured) {
  string_view received = request_of(in).head.path;
  bool was_escaped = received.substr(0, received.find('?')).find_first_of("%+") != string_view::npos;
  return was_escaped ? escape_args(in.arena(), captured) : captured;
}

// A replacement in its parts.
struct Replacement {
  conf::Expression path;  // of a redirect: all of it
  conf::Expression query;
  bool has_query = false;
  bool keeps_query = true;  // the request's own goes behind it
  uint16_t redirect = 0;    // the status; 0: the path is changed
};

bool is_url(string_view text) {
  return text.starts_with("http://") || text.starts_with("https://") || text.starts_with("$scheme");
}

// A path made of pieces of another may have dot segments, which nothing behind resolves.
bool climbs(string_view path) {
  for (size_t at = path.find("/.."); at != string_view::npos; at = path.find("/..", at + 1)) {
    if (at + 3 == path.size() || path[at + 3] == '/') { return true; }
  }
  return path == ".." || path.starts_with("../");
}

class Rewrite final : public Command {
 public:
  enum class After : uint8_t { go_on, last, stay };
  Rewrite(const conf::Matcher& pattern, std::string text, Replacement to, After after)
      : pattern_(pattern), text_(std::move(text)), to_(std::move(to)), after_(after) {}

  Course run(Progress& progress) const override {
    Request& r = progress.request;
    bool matched = pattern_.match(r, r.path);
    log_match(r, text_, r.path, matched);
    if (!matched) { return Course::next; }
    return to_.redirect != 0 ? redirect(progress) : change(progress);
  }

 private:
  Course redirect(Progress& progress) const {
    Request& r = progress.request;
    string_view target = unescape_redirect(r.arena(), to_.path.evaluate(r, escape_captured));
    if (to_.keeps_query && !r.query.empty()) {
      target = r.arena().join(target, to_.has_query ? "&" : "?", r.query);
    }
    SLUICE_REWRITE_LOG(r, "rewritten redirect: \"%.*s\"", static_cast<int>(target.size()), target.data());
    r.redirect_externally(to_.redirect, target);
    return answer(progress, Verdict::done);
  }

  Course change(Progress& progress) const {
    Request& r = progress.request;
    string_view path = to_.path.evaluate(r);
    if (to_.has_query) {
      string_view query = to_.query.evaluate(r, escape_captured);
      bool both = to_.keeps_query && !r.query.empty();
      r.query = both ? r.arena().join(query, "&", r.query) : query;
    } else if (!to_.keeps_query) {
      r.query = {};
    }
    r.has_query = !r.query.empty();
    SLUICE_REWRITE_LOG(r, "rewritten data: \"%.*s\", args: \"%.*s\"", static_cast<int>(path.size()),
                       path.data(), static_cast<int>(r.query.size()), r.query.data());
    if (uint16_t refused = fault_of(r, path); refused != 0) { return answer(progress, r.refuse(refused)); }
    r.path = path;
    r.unchanged_target = {};
    r.internal = true;
    progress.path_changed = after_ != After::stay;
    if (after_ == After::stay) { r.rewritten_in_place = true; }
    return after_ == After::go_on ? Course::next : Course::stop;
  }

  static uint16_t fault_of(Request& r, string_view path) {
    if (path.empty()) {
      SLUICE_REQUEST_LOG(r, error, 0, "the rewritten URI has a zero length");
      return 500;
    }
    if (climbs(path)) {
      SLUICE_REQUEST_LOG(r, error, 0, "the rewritten URI \"%.*s\" has \"..\" in it",
                         static_cast<int>(path.size()), path.data());
      return 400;
    }
    return 0;
  }

  const conf::Matcher& pattern_;
  std::string text_;  // of the pattern, as written
  Replacement to_;
  After after_;
};

// --- the directive ---

bool read_flag(Build& build, const Word& word, uint16_t& redirect, Rewrite::After& after) {
  if (word.text == "last") {
    after = Rewrite::After::last;
  } else if (word.text == "break") {
    after = Rewrite::After::stay;
  } else if (word.text == "redirect") {
    redirect = 302;
  } else if (word.text == "permanent") {
    redirect = 301;
  } else {
    build.error(word, "invalid parameter \"" + word.text + "\"",
                "the flag is one of last, break, redirect and permanent");
    return false;
  }
  return true;
}

Replacement read_replacement(Build& build, const Word& word, uint16_t redirect) {
  Replacement to;
  string_view text = word.text;
  to.redirect = redirect == 0 && is_url(text) ? uint16_t{302} : redirect;
  if (text.ends_with('?')) {
    to.keeps_query = false;
    text.remove_suffix(1);
  }
  size_t mark = text.find('?');
  to.has_query = mark != string_view::npos;
  if (to.redirect != 0) { mark = string_view::npos; }
  to.path = conf::Expression::compile(build, conf::Realm::http, word, text.substr(0, mark));
  if (mark != string_view::npos) {
    to.query = conf::Expression::compile(build, conf::Realm::http, word, text.substr(mark + 1));
  }
  return to;
}

void set_rewrite(Build& build, Scope& scope, const Node& node, const Row&) {
  const auto* pattern =
      conf::Matcher::compile(build, conf::Realm::http, node.argument_word(0), node.argument(0), false);
  uint16_t redirect = 0;
  auto after = Rewrite::After::go_on;
  if (node.argument_count() == 3 && !read_flag(build, node.argument_word(2), redirect, after)) { return; }
  if (node.argument(1).empty()) {
    build.error(node.argument_word(1), "empty replacement");
    return;
  }
  Replacement to = read_replacement(build, node.argument_word(1), redirect);
  if (pattern == nullptr) { return; }
  script_of(scope).push_back(std::make_shared<Rewrite>(*pattern, node.argument(0), std::move(to), after));
}

struct RewriteDirective {};

const conf::Module<RewriteDirective> module(
    "rewrite",
    {
        conf::Module<RewriteDirective>::RowSpec(
            "rewrite", kInScripts, arguments(2, 3), set_rewrite,
            "regex replacement [last | break | redirect | permanent]",
            "Changes a path that matches. The request's arguments go behind those of the replacement, unless "
            "it ends in ?. A replacement that begins with http://, https:// or $scheme is a redirect (302). "
            "last: no more rewriting here, a location is looked for with the new path; break: no more "
            "rewriting, the request stays here; redirect: 302; permanent: 301; no flag: the next directive, "
            "and after all of them a location is looked for.")
            .repeating(),
    });

}  // namespace

}  // namespace sluice::http
