// `charset`: what texts are written in is told, and changed where `source_charset` says that it is another.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "base/text.h"
#include "conf/build.h"
#include "conf/expression.h"
#include "http/content_types.h"
#include "http/filter.h"
#include "http/recoding.h"
#include "http/request.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

// --- tables ---

struct LessIgnoringCase {
  using is_transparent = void;
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [](char x, char y) { return lower(x) < lower(y); });
  }
};

// Every charset_map, in both directions.
class CharsetMaps {
 public:
  const Recoding* find(string_view from, string_view to) const {
    auto table = tables_.find(from);
    if (table == tables_.end()) { return nullptr; }
    auto found = table->second.find(to);
    return found == table->second.end() ? nullptr : found->second.get();
  }
  // Null: there is one already.
  Recoding* add(const std::string& from, const std::string& to, Recoding::Kind kind) {
    auto& place = tables_[from][to];
    if (place != nullptr) { return nullptr; }
    place = std::make_unique<Recoding>(kind);
    return place.get();
  }

 private:
  std::map<std::string, std::map<std::string, std::unique_ptr<Recoding>, LessIgnoringCase>, LessIgnoringCase>
      tables_;
};

CharsetMaps* maps_of(Build& build) { return build.shared<CharsetMaps>("charset maps", ""); }

// Bytes written in hexadecimal, as many as a character may have.
std::optional<std::string> parse_code(string_view text, size_t most) {
  if (text.empty() || text.size() % 2 != 0 || text.size() > 2 * most) { return std::nullopt; }
  std::string code;
  for (size_t i = 0; i < text.size(); i += 2) {
    int high = hex_value(text[i]), low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) { return std::nullopt; }
    code += static_cast<char>(high << 4 | low);
  }
  return code;
}

uint8_t byte_of(const std::string& code) { return static_cast<uint8_t>(code[0]); }

// One line of a map: a character here and there.
bool take_line(Build& build, const Node& line, bool utf8, Recoding& there, Recoding& back) {
  auto wrong = [&](const conf::Word& word, const char* hint) {
    build.error(word, "invalid value \"" + word.text + "\"", hint);
    return false;
  };
  if (line.block || line.argument_count() != 1) {
    return wrong(line.words[0], "a line has two codes: of a character here, and there");
  }
  auto from = parse_code(line.name(), 1);
  if (!from) { return wrong(line.words[0], "a byte in hexadecimal, such as C0, was expected"); }
  auto to = parse_code(line.argument(0), utf8 ? 4 : 1);
  if (!to) { return wrong(line.argument_word(0), "the code in hexadecimal was expected"); }
  if (!utf8) {
    there.map_byte(byte_of(*from), byte_of(*to));
    back.map_byte(byte_of(*to), byte_of(*from));
    return true;
  }
  size_t size;
  uint32_t character = decode_utf8(*to, size);
  if (character >= kCut || size != to->size()) {
    return wrong(line.argument_word(0), "it is no character of UTF-8");
  }
  there.map_to_utf8(byte_of(*from), *to);
  back.map_from_utf8(character, byte_of(*from));
  return true;
}

void set_map(Build& build, Scope&, const Node& node, const Row&) {
  const std::string& from = node.argument(0);
  const std::string& to = node.argument(1);
  if (iequals(from, to)) {
    build.error(node.argument_word(1), "\"charset_map\" between the same charsets \"" + from + "\"");
    return;
  }
  bool utf8 = iequals(to, "utf-8");
  using Kind = Recoding::Kind;
  Recoding* there = maps_of(build)->add(from, to, utf8 ? Kind::to_utf8 : Kind::bytes);
  Recoding* back = maps_of(build)->add(to, from, utf8 ? Kind::from_utf8 : Kind::bytes);
  if (there == nullptr || back == nullptr) {
    build.error(node.words[0], "duplicate \"charset_map\" between \"" + from + "\" and \"" + to + "\"");
    return;
  }
  for (const Node& line : node.children) {
    if (!take_line(build, line, utf8, *there, *back)) { return; }
  }
  there->finish();
  back->finish();
}

// --- settings ---

struct CharsetSettings {
  conf::Expression charset;  // empty: off
  conf::Expression source;   // empty: not known
  bool overrides = false;
  ContentTypes types{
      "text/html",          "text/xml", "text/plain", "text/vnd.wap.wml", "application/javascript",
      "application/rss+xml"};
  const CharsetMaps* maps = nullptr;
};
using S = CharsetSettings;

// What can be told before a request comes.
const Recoding* recoding_of(const S& settings) {
  return settings.maps->find(settings.source.text(), settings.charset.text());
}
bool needs_map(const S& settings) {
  bool fixed = settings.charset.constant() && settings.source.constant();
  bool both = !settings.charset.empty() && !settings.source.empty();
  return fixed && both && !iequals(settings.charset.text(), settings.source.text());
}

template <conf::Expression S::*member>
void set_charset(Build& build, Scope& scope, const Node& node, const Row&) {
  const conf::Word& word = node.argument_word(0);
  bool off = word.text == "off" && member == &S::charset;
  S& settings = scope.own<S>();
  settings.*member = off ? conf::Expression() : conf::Expression::compile(build, conf::Realm::http, word);
  settings.maps = maps_of(build);
  build.later([&build, &word, &settings] {
    if (!needs_map(settings) || recoding_of(settings) != nullptr) { return; }
    build.error(word, "no \"charset_map\" between the charsets \"" + settings.source.text() + "\" and \"" +
                          settings.charset.text() + "\"");
  });
}

constexpr uint32_t kEverywhere = conf::kHttpServerLocation | conf::kLocationIf;
using RowSpec = conf::Module<S>::RowSpec;

const conf::Module<S> module(
    "http",
    {
        {"charset", kEverywhere, arguments(1), set_charset<&S::charset>, "charset | off",
         "Names the charset in Content-Type of texts that name none, and writes them in it when "
         "source_charset "
         "is another. May contain variables.",
         "off"},
        {"source_charset", kEverywhere, arguments(1), set_charset<&S::source>, "charset",
         "What answers are written in. May contain variables."},
        {"override_charset", kEverywhere, &S::overrides, "on | off",
         "Whether answers that name a charset are written in the one of charset all the same.", "off"},
        RowSpec("charset_types", conf::kHttpServerLocation, arguments(1, conf::kAny),
                set_content_types<S, &S::types>, "mime-type …",
                "Content types beside text/html whose charset is told and changed; * is any.",
                "text/html text/xml text/plain text/vnd.wap.wml application/javascript application/rss+xml")
            .repeating(),
        RowSpec("charset_map", conf::kHttp, arguments(2), set_map, "charset charset",
                "A table between two charsets, used in both directions: lines of a byte's code in the first "
                "and the character's code in the second, in hexadecimal. The second may be utf-8.")
            .block()
            .repeating(),
    });

// --- answers ---

// The parameter of a Content-Type, and the type without it.
struct Declared {
  string_view charset;  // empty: none
  string_view before, after;
};

Declared declared_in(string_view content_type) {
  for (size_t at = content_type.find(';'); at != string_view::npos; at = content_type.find(';', at + 1)) {
    string_view parameter = content_type.substr(at + 1);
    parameter = parameter.substr(0, parameter.find(';'));
    string_view value = trim(parameter);
    if (!istarts_with(value, "charset=")) { continue; }
    value.remove_prefix(8);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    return {value, content_type.substr(0, at), content_type.substr(at + 1 + parameter.size())};
  }
  return {{}, content_type, {}};
}

class RecodingFilter final : public BodyFilter {
 public:
  explicit RecodingFilter(const Recoding& recoding) : recoder_(recoding) {}
  bool push(Chain& in, bool last, Chain& out) override {
    for (size_t i = 0; i < in.slices(); ++i) { recoder_.push({in.at(i).data, in.at(i).size}, false, out); }
    if (last) { recoder_.push({}, true, out); }
    in.clear();
    return true;
  }

 private:
  Recoder recoder_;
};

class Charset final : public Filter {
 public:
  explicit Charset(const S& settings) : settings_(settings) {
    if (needs_map(settings)) { fixed_ = recoding_of(settings); }
  }

  bool in_subrequests() const override { return true; }
  void head(Request& request) const override {
    Response& response = request.response;
    if (response.content_type.empty()) { return; }
    Declared declared = declared_in(response.content_type);
    string_view source = declared.charset;
    string_view wanted;
    if (source.empty()) {
      // Old browsers took the charset of a redirect for that of the page behind it.
      bool redirect = response.status == 301 || response.status == 302;
      if (redirect || !settings_.types.has(response.content_type)) { return; }
      source = settings_.source.evaluate(request);
      wanted = settings_.charset.evaluate(request);
    } else if (told_beside(request, source)) {
      wanted = source;
      source = settings_.source.evaluate(request);
    } else if (settings_.overrides) {
      wanted = settings_.charset.evaluate(request);
    }
    if (wanted.empty() || wanted == "off") { return; }
    const Recoding* recoding = nullptr;
    if (!source.empty() && !iequals(source, wanted)) {
      recoding = find(request, source, wanted);
      if (recoding == nullptr) { return; }
    }
    string_view type = request.arena().join(declared.before, declared.after);
    response.content_type = request.arena().join(type, "; charset=", wanted);
    if (recoding != nullptr) { recode(request, *recoding); }
  }

 private:
  // Whether it comes from X-Accel-Charset: that is the one to write in, like charset's.
  static bool told_beside(const Request& request, string_view charset) {
    return request.response.from_upstream && request.upstream_fields != nullptr &&
           request.upstream_fields->value(FieldId::x_accel_charset) == charset;
  }
  // Null: it cannot be done, and the charset stays unsaid.
  const Recoding* find(Request& request, string_view source, string_view wanted) const {
    if (request.response.fields.has(FieldId::content_encoding)) { return nullptr; }
    bool usual = fixed_ != nullptr && iequals(source, settings_.source.text()) &&
                 iequals(wanted, settings_.charset.text());
    const Recoding* found = usual ? fixed_ : settings_.maps->find(source, wanted);
    if (found == nullptr) {
      SLUICE_REQUEST_LOG(request, error, 0, "no \"charset_map\" between the charsets \"%.*s\" and \"%.*s\"",
                         static_cast<int>(source.size()), source.data(), static_cast<int>(wanted.size()),
                         wanted.data());
    }
    return found;
  }

  static void recode(Request& request, const Recoding& recoding) {
    Response& response = request.response;
    response.add(request.arena().own<RecodingFilter>(recoding));
    int64_t length = response.length;
    response.body_changes(Validity::strong);
    if (recoding.keeps_length()) { response.length = length; }
  }

  const S& settings_;
  const Recoding* fixed_ = nullptr;
};

const Filter* make_charset(Arena& arena, const conf::Settings& settings) {
  const auto& own = settings.get<S>();
  return own.charset.empty() ? nullptr : arena.own<Charset>(own);
}

const FilterRow row = {"charset", stage::kCharset, make_charset};
const FilterRegistration registered(row);

}  // namespace

}  // namespace sluice::http
