// `set_header`, `append_header`, `remove_header`: the last word on the fields of an answer, wherever it comes
// from.
#include <algorithm>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "conf/build.h"
#include "http/field_rules.h"
#include "http/filter.h"
#include "http/request.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

// Which answers a rule is for.
class Statuses {
 public:
  void take_all() { ranges_ = {{0, 999}}; }
  // "404", "5xx", or several with commas between.
  bool parse(string_view list) {
    while (!list.empty()) {
      size_t comma = std::min(list.find(','), list.size());
      if (!parse_one(list.substr(0, comma))) { return false; }
      list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return !ranges_.empty();
  }
  bool given() const { return !ranges_.empty(); }
  bool have(uint16_t status) const {
    return std::any_of(ranges_.begin(), ranges_.end(),
                       [&](auto& range) { return status >= range.first && status <= range.second; });
  }

 private:
  bool parse_one(string_view text) {
    bool hundred = text.size() == 3 && text.ends_with("xx") && text[0] >= '1' && text[0] <= '5';
    if (hundred) {
      auto first = static_cast<uint16_t>((text[0] - '0') * 100);
      ranges_.push_back({first, static_cast<uint16_t>(first + 99)});
      return true;
    }
    auto code = conf::parse_number(text);
    if (!code || *code < 100 || *code > 599) { return false; }
    ranges_.push_back({static_cast<uint16_t>(*code), static_cast<uint16_t>(*code)});
    return true;
  }
  std::vector<std::pair<uint16_t, uint16_t>> ranges_;
};

// As for add_header.
Statuses usual_statuses() {
  Statuses usual;
  usual.parse("200,201,204,206,301,302,303,304,307,308");
  return usual;
}

struct Rule {
  FieldRule what;
  Statuses when;
};

// A block's own rules follow those of the blocks around it.
struct HeaderRuleSettings {
  std::vector<Rule> rules;
};

bool is_status(const std::string& word) { return word.starts_with("status="); }

bool read_statuses(Build& build, const conf::Word& word, Statuses& statuses) {
  if (is_status(word.text) && statuses.parse(string_view(word.text).substr(7))) { return true; }
  build.error(word, "invalid parameter \"" + word.text + "\"",
              "statuses are written as status=404, status=5xx or status=404,410,5xx");
  return false;
}

template <FieldRule::Deed deed>
void set_rule(Build& build, Scope& scope, const Node& node, const Row&) {
  auto what = read_field_rule(build, node, deed);
  if (!what) { return; }
  Statuses when;
  if (node.argument_count() == 2) {
    when = usual_statuses();
  } else if (node.argument(2) == "always") {
    when.take_all();
  } else if (!read_statuses(build, node.argument_word(2), when)) {
    return;
  }
  scope.own<HeaderRuleSettings>().rules.push_back({std::move(*what), std::move(when)});
}

void set_removal(Build& build, Scope& scope, const Node& node, const Row&) {
  Statuses when;
  size_t names = node.argument_count();
  if (is_status(node.argument(names - 1))) {
    if (!read_statuses(build, node.argument_word(--names), when)) { return; }
  } else {
    when.take_all();
  }
  for (size_t i = 0; i < names; ++i) {
    auto what = read_removal(build, node.argument_word(i));
    if (what) { scope.own<HeaderRuleSettings>().rules.push_back({std::move(*what), when}); }
  }
  if (names == 0) { build.error(node.words[0], "\"remove_header\" names no field"); }
}

constexpr uint32_t kEverywhere = conf::kHttpServerLocation | conf::kLocationIf;
using RowSpec = conf::Module<HeaderRuleSettings>::RowSpec;

const conf::Module<HeaderRuleSettings> module(
    "http",
    {
        RowSpec(
            "set_header", kEverywhere, arguments(2, 3), set_rule<FieldRule::Deed::set>,
            "name value [always | status=code,…]",
            "Gives a field of the answer this value instead of what it has, whoever gave it. For the "
            "statuses of add_header, for all (always), or for those listed: status=404,5xx. The value may "
            "contain variables; an empty one changes nothing. set_header, append_header and remove_header "
            "follow expires and add_header, in the order they are written, and those of a block follow "
            "those of the blocks around it.")
            .repeating(),
        RowSpec(
            "append_header", kEverywhere, arguments(2, 3), set_rule<FieldRule::Deed::append>,
            "name value [always | status=code,…]",
            "Appends the value to what a field of the answer has, with a comma between, or adds the field. "
            "Otherwise as set_header.")
            .repeating(),
        RowSpec(
            "remove_header", kEverywhere, arguments(1, conf::kAny), set_removal, "name … [status=code,…]",
            "Removes fields from answers of any status, or of those listed, whoever gave them. X-* is every "
            "name that begins with X-. How the body is framed and the connection used is not to be changed "
            "so.")
            .repeating(),
    });

// What the response knows beside its fields.
void follow(Request& request, const FieldRule& rule) {
  Response& response = request.response;
  if (rule.touches(FieldId::last_modified)) {
    response.last_modified =
        clock::parse_http_date(response.fields.value(FieldId::last_modified)).value_or(-1);
  }
  bool removed = rule.deed == FieldRule::Deed::remove;
  if (removed && rule.touches(FieldId::server)) { response.fields.withhold(FieldId::server); }
  if (!rule.touches(FieldId::content_type)) { return; }
  string_view type = response.fields.value(FieldId::content_type);
  if (removed || !type.empty()) { response.content_type = type; }
  response.fields.remove(FieldId::content_type);
}

class HeaderRules final : public Filter {
 public:
  explicit HeaderRules(const HeaderRuleSettings& settings) : settings_(settings) {}
  void head(Request& request) const override {
    Response& response = request.response;
    for (const Rule& rule : settings_.rules) {
      if (!rule.when.have(response.status)) { continue; }
      apply(request, rule.what, response.fields);
      follow(request, rule.what);
    }
  }

 private:
  const HeaderRuleSettings& settings_;
};

const Filter* make_header_rules(Arena& arena, const conf::Settings& settings) {
  const auto& own = settings.get<HeaderRuleSettings>();
  return own.rules.empty() ? nullptr : arena.own<HeaderRules>(own);
}

// Behind those that it has the last word on.
const FilterRow row{"header rules", stage::kHeaders + 5, make_header_rules};
const FilterRegistration registered(row);

}  // namespace

}  // namespace sluice::http
