// userid: a cookie by which clients are known again, and $uid, by which they can be told apart from the first
// request on.
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "http/filter.h"
#include "http/vars/text_of.h"
#include "http/vars/user_id.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Evaluation;
using conf::Node;
using conf::Realm;
using conf::Row;
using conf::Scope;
using conf::Value;
using conf::Variable;
using conf::VariableRow;

enum class Use : uint8_t { off, log, version_1, version_2 };

constexpr char kNoMark = '=';
constexpr int64_t kSession = -1;

struct UserIdSettings {
  Use use = Use::off;
  std::string name = "uid";
  std::string domain;  // empty: none
  std::string path = "/";
  std::string p3p;             // empty: none
  std::string flags;           // as they follow in the cookie
  int64_t expires = kSession;  // seconds from now
  bool expires_max = false;
  char mark = '\0';  // none
  std::optional<uint32_t> service;
  const Variable* known = nullptr;  // what is known of a request's client, see Known
  const Variable* reset = nullptr;  // $uid_reset
};

// What a request said of its client, and what is answered to it. Made when first asked for; it stays where
// variables keep their values, so that a later location goes on with the same.
struct Known {
  bool got = false;
  bool set = false;
  char got_mark = kNoMark;
  UserId got_id, set_id;
};

Known& known_of(Request& r, const UserIdSettings& settings) {
  if (Value kept = r.get(*settings.known); kept.found) {
    return *reinterpret_cast<Known*>(const_cast<char*>(kept.text.data()));
  }
  auto* made = r.arena().make<Known>();
  r.put(*settings.known, Value(string_view(reinterpret_cast<char*>(made), sizeof(Known))));
  for (const Field& field : r.head.fields) {
    Found cookie = field.id == FieldId::cookie ? find_cookie(field.value, settings.name) : std::nullopt;
    if (!cookie) { continue; }
    if (auto id = UserId::parse(*cookie)) {
      made->got = true;
      made->got_id = *id;
      if (cookie->size() > UserId::kPadding) { made->got_mark = (*cookie)[UserId::kPadding]; }
      break;
    }
    SLUICE_REQUEST_LOG(r, error, 0, "client sent %s userid cookie \"%s=%.*s\"",
                       cookie->size() < UserId::kPadding ? "too short" : "invalid", settings.name.c_str(),
                       static_cast<int>(std::min<size_t>(cookie->size(), 100)), cookie->data());
  }
  return *made;
}

UserId make_id(Request& r, const UserIdSettings& settings) {
  static UserIdMaker maker = [] {
    timeval now{};
    gettimeofday(&now, nullptr);
    return UserIdMaker(static_cast<uint32_t>(getpid()), static_cast<uint32_t>(now.tv_usec));
  }();
  auto now = static_cast<uint32_t>(clock::wall() / 1000);
  if (settings.use == Use::version_1) { return maker.version_1(settings.service.value_or(0), now); }
  uint32_t service = 0;
  if (settings.service) {
    service = htonl(*settings.service);
  } else if (string_view address = r.server_address().binary(); r.server_address().family() != AF_UNIX) {
    memcpy(&service, address.data() + address.size() - sizeof service, sizeof service);
  }
  return maker.version_2(service, now);
}

Value shown(Evaluation& in, string_view name, const UserId& id) {
  size_t size = name.size() + (name.empty() ? 0 : 1) + UserId::kDigits;
  char* start = in.arena().characters(size);
  char* to = std::copy(name.begin(), name.end(), start);
  if (!name.empty()) { *to++ = '='; }
  id.write_digits(to);
  return {{start, size}};
}

// Whether $uid_reset asks for a new identifier.
bool is_reset(Request& r, const UserIdSettings& settings, const Known& known) {
  string_view asked = r.get(*settings.reset).text;
  if (asked.empty() || asked == "0") { return false; }
  if (asked == "log" && known.got) {
    SLUICE_REQUEST_LOG(r, notice, 0, "userid cookie \"%s\" was reset",
                       std::string(shown(r, settings.name, known.got_id).text).c_str());
  }
  return true;
}

// Decides, once for the request, what the answer sets.
void decide(Request& r, const UserIdSettings& settings, Known& known) {
  if (settings.use < Use::version_1 || known.set) { return; }
  if (!known.got || is_reset(r, settings, known)) {
    known.set = true;
    known.set_id = make_id(r, settings);
  } else if (settings.mark != '\0' && known.got_mark != settings.mark) {
    known.set = true;
    known.set_id = known.got_id;
  }
}

Value get_got(Evaluation& in, const Variable&) {
  Request& r = request_of(in);
  const auto& settings = r.settings<UserIdSettings>();
  if (settings.use == Use::off) { return {}; }
  const Known& known = known_of(r, settings);
  return known.got ? shown(in, settings.name, known.got_id) : Value();
}

Value get_set(Evaluation& in, const Variable&) {
  Request& r = request_of(in);
  const auto& settings = r.settings<UserIdSettings>();
  if (settings.use == Use::off) { return {}; }
  Known& known = known_of(r, settings);
  decide(r, settings, known);
  return known.set ? shown(in, settings.name, known.set_id) : Value();
}

Value get_uid(Evaluation& in, const Variable&) {
  Request& r = request_of(in);
  const auto& settings = r.settings<UserIdSettings>();
  if (settings.use == Use::off) { return {}; }
  Known& known = known_of(r, settings);
  decide(r, settings, known);
  if (!known.got && !known.set) { return {}; }
  return shown(in, {}, known.set ? known.set_id : known.got_id);
}

class SetUserId final : public Filter {
 public:
  void head(Request& r) const override {
    if (r.subrequest) { return; }
    const auto& settings = r.settings<UserIdSettings>();
    Known& known = known_of(r, settings);
    decide(r, settings, known);
    if (!known.set) { return; }
    r.response.fields.add(FieldId::set_cookie, cookie(r, settings, known.set_id));
    if (!settings.p3p.empty()) { r.response.fields.add("P3P", settings.p3p); }
  }

 private:
  static string_view cookie(Request& r, const UserIdSettings& settings, const UserId& id) {
    constexpr size_t kWords = 128;  // the names of attributes, and the date
    size_t most = settings.name.size() + UserId::kBase64 + settings.domain.size() + settings.path.size() +
                  settings.flags.size() + kWords;
    char* start = r.arena().characters(most);
    char* to = put(put(start, settings.name), "=");
    id.write_base64(to, settings.mark == '\0' ? kNoMark : settings.mark);
    to += UserId::kBase64;
    if (settings.expires_max) {
      to = put(to, "; expires=Thu, 31-Dec-37 23:55:55 GMT");
    } else if (settings.expires != kSession) {
      auto now = static_cast<time_t>(clock::wall() / 1000);
      to = write_cookie_date(put(to, "; expires="), now + settings.expires);
    }
    if (!settings.domain.empty()) { to = put(put(to, "; domain="), settings.domain); }
    to = put(put(put(to, "; path="), settings.path), settings.flags);
    return {start, static_cast<size_t>(to - start)};
  }
};

const Filter* make(Arena& arena, const conf::Settings& settings) {
  return settings.get<UserIdSettings>().use >= Use::version_1 ? arena.own<SetUserId>() : nullptr;
}

const FilterRow filter{"userid", stage::kHeaders, make};
const FilterRegistration filter_registered(filter);

// --- directives ---

void set_userid(Build& build, Scope& scope, const Node& node, const Row& row) {
  static constexpr std::pair<const char*, Use> kUses[] = {
      {"off", Use::off}, {"log", Use::log}, {"v1", Use::version_1}, {"on", Use::version_2}};
  for (const auto& [word, use] : kUses) {
    if (node.argument(0) != word) { continue; }
    auto& settings = scope.own<UserIdSettings>();
    settings.use = use;
    // No variable in a text can have this name.
    settings.known = build.config.http_variables.define("userid, known", conf::no_value, nullptr, false);
    settings.reset = &build.config.http_variables.use("uid_reset", node.words[0]);
    return;
  }
  conf::invalid_value(build, node, 0, row, "\"on\", \"v1\", \"log\" or \"off\"");
}

// A text, or nothing for the word that says so.
template <std::string UserIdSettings::*member>
void set_text_or_none(Build&, Scope& scope, const Node& node, const Row&) {
  scope.own<UserIdSettings>().*member = node.argument(0) == "none" ? "" : node.argument(0);
}

void set_name(Build& build, Scope& scope, const Node& node, const Row& row) {
  if (is_token(node.argument(0))) {
    scope.own<UserIdSettings>().name = node.argument(0);
  } else {
    conf::invalid_value(build, node, 0, row, "a name of a cookie");
  }
}

void set_expires(Build& build, Scope& scope, const Node& node, const Row& row) {
  const std::string& word = node.argument(0);
  auto time = conf::parse_seconds(word);
  if (!time && word != "max" && word != "off") {
    conf::invalid_value(build, node, 0, row, "a time such as 30d, \"max\" or \"off\"");
    return;
  }
  auto& settings = scope.own<UserIdSettings>();
  settings.expires_max = word == "max";
  settings.expires = time ? static_cast<int64_t>(time->count) : kSession;
}

void set_mark(Build& build, Scope& scope, const Node& node, const Row& row) {
  const std::string& word = node.argument(0);
  if (word == "off") {
    scope.own<UserIdSettings>().mark = '\0';
  } else if (word.size() == 1 && (is_alpha(word[0]) || is_digit(word[0]) || word[0] == '=')) {
    scope.own<UserIdSettings>().mark = word[0];
  } else {
    conf::invalid_value(build, node, 0, row, "\"off\" or a single letter, digit or \"=\"");
  }
}

void set_flags(Build& build, Scope& scope, const Node& node, const Row& row) {
  static constexpr string_view kKnown[] = {"secure", "httponly", "samesite=strict", "samesite=lax",
                                           "samesite=none"};
  std::string flags;
  for (size_t i = 0; i < node.argument_count(); ++i) {
    const std::string& word = node.argument(i);
    if (word == "off" && node.argument_count() == 1) { break; }
    if (std::find(std::begin(kKnown), std::end(kKnown), word) == std::end(kKnown)) {
      conf::invalid_value(build, node, i, row,
                          "\"off\", or of secure, httponly, samesite=strict, samesite=lax and samesite=none");
      return;
    }
    bool twice = word.starts_with("samesite") && flags.find("samesite") != std::string::npos;
    if (twice || (flags + ";").find("; " + word + ";") != std::string::npos) {
      build.diagnostics.warn(node.argument_word(i), "duplicate value \"" + word + "\"");
      continue;
    }
    flags += "; " + word;
  }
  scope.own<UserIdSettings>().flags = flags;
}

void set_service(Build& build, Scope& scope, const Node& node, const Row& row) {
  auto number = conf::ValueOf<uint32_t>::parse(node.argument(0));
  if (number) {
    scope.own<UserIdSettings>().service = *number;
  } else {
    conf::invalid_value(build, node, 0, row, "a number below 4294967296");
  }
}

constexpr uint32_t kEverywhere = conf::kHttpServerLocation;

const conf::Module<UserIdSettings> module(
    "userid",
    {
        {"userid", kEverywhere, arguments(1), set_userid, "on | v1 | log | off",
         "Whether clients that bring no identifier in a cookie are given one: of version 2 (on), of version "
         "1, "
         "or none, but those that come are known (log). See $uid, $uid_got, $uid_set, $uid_reset.",
         "off"},
        {"userid_name", kEverywhere, arguments(1), set_name, "name", "The cookie's name.", "uid"},
        {"userid_domain", kEverywhere, arguments(1), set_text_or_none<&UserIdSettings::domain>, "name | none",
         "The cookie's domain.", "none"},
        {"userid_path", kEverywhere, &UserIdSettings::path, "path", "The cookie's path.", "/"},
        {"userid_expires", kEverywhere, arguments(1), set_expires, "time | max | off",
         "How long browsers keep the cookie: to the end of 2037 (max), or of the session (off).", "off"},
        {"userid_flags", kEverywhere, arguments(1, conf::kAny), set_flags, "off | flag …",
         "Flags of the cookie: secure, httponly, samesite=strict, samesite=lax, samesite=none.", "off"},
        {"userid_mark", kEverywhere, arguments(1), set_mark, "letter | digit | = | off",
         "A character within the cookie by which those made under other settings are known: a client whose "
         "cookie has another is sent its identifier again, with this mark and the other attributes of now.",
         "off"},
        {"userid_p3p", kEverywhere, arguments(1), set_text_or_none<&UserIdSettings::p3p>, "text | none",
         "A P3P field that is sent with the cookie.", "none"},
        {"userid_service", kEverywhere, arguments(1), set_service, "number",
         "The first number in identifiers, when several servers make them: else the server's IPv4 address, "
         "or "
         "the last four bytes of its IPv6 address; of version 1: zero.",
         ""},
    });

const VariableRow rows[] = {
    {Realm::http, "uid", get_uid,
     "The client's identifier as 32 hexadecimal digits: that of its cookie, or the one it is being given. It "
     "stays the same from the first request on. A configuration may declare a variable of this name itself. "
     "See "
     "userid.",
     false, true},
    {Realm::http, "uid_got", get_got, "Name and identifier of the cookie that the client sent."},
    {Realm::http, "uid_set", get_set, "Name and identifier of the cookie that the client is being sent."},
    {Realm::http, "uid_reset", conf::no_value,
     "Set to anything but an empty text or 0, it makes the client get a new identifier; \"log\" writes the "
     "old "
     "one to the error log.",
     false, true},
};
const conf::Variables registered(rows);

}  // namespace

}  // namespace sluice::http
