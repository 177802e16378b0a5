// `expires`: the fields Expires and Cache-Control of answers that may be cached.
#include <ctime>
#include <optional>

#include "base/clock.h"
#include "base/text.h"
#include "conf/build.h"
#include "conf/expression.h"
#include "http/filter.h"
#include "http/request.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

constexpr int64_t kDay = 24 * 60 * 60;

struct Expiry {
  enum class Kind : uint8_t { off, epoch, max, after_access, after_change, time_of_day };
  Kind kind = Kind::off;
  int64_t seconds = 0;
};

struct ExpiresSettings {
  Expiry fixed;
  conf::Expression text;  // not constant: read for each request
  bool modified = false;
};

// Null with `reason` for the configuration's author.
std::optional<Expiry> parse_expiry(string_view text, bool modified, const char*& reason) {
  if (!modified) {
    if (text == "off") { return Expiry{Expiry::Kind::off, 0}; }
    if (text == "epoch") { return Expiry{Expiry::Kind::epoch, 0}; }
    if (text == "max") { return Expiry{Expiry::Kind::max, 0}; }
  }
  bool daily = text.starts_with('@');
  bool negative = text.starts_with('-');
  if (daily || negative || text.starts_with('+')) { text.remove_prefix(1); }
  auto time = conf::parse_seconds(text);
  reason = "it must be [modified] time, @time, epoch, max or off";
  if (!time || (daily && modified)) { return std::nullopt; }
  auto seconds = static_cast<int64_t>(time->count);
  if (daily) {
    reason = "a time of the day must be less than 24 hours";
    if (seconds >= kDay) { return std::nullopt; }
    return Expiry{Expiry::Kind::time_of_day, seconds};
  }
  return Expiry{modified ? Expiry::Kind::after_change : Expiry::Kind::after_access,
                negative ? -seconds : seconds};
}

void set_expires(Build& build, Scope& scope, const Node& node, const Row& row) {
  ExpiresSettings settings;
  settings.modified = node.argument_count() == 2;
  if (settings.modified && node.argument(0) != "modified") {
    conf::invalid_value(build, node, 0, row, "\"modified\" when a time follows");
    return;
  }
  const conf::Word& word = node.argument_word(node.argument_count() - 1);
  settings.text = conf::Expression::compile(build, conf::Realm::http, word);
  if (settings.text.constant()) {
    const char* reason = nullptr;
    auto fixed = parse_expiry(word.text, settings.modified, reason);
    if (!fixed) {
      build.error(word, "invalid value \"" + word.text + "\" in \"expires\" directive", reason);
      return;
    }
    settings.fixed = *fixed;
  }
  scope.own<ExpiresSettings>() = std::move(settings);
}

const conf::Module<ExpiresSettings> module(
    "http",
    {
        {"expires", conf::kHttpServerLocation | conf::kLocationIf, arguments(1, 2), set_expires,
         "[modified] time | @time | epoch | max | off",
         "Sets Expires and Cache-Control of answers with status 200, 201, 204, 206, 301, 302, 303, 304, 307 "
         "or 308: so long after the request, or after the file's modification; at a time of the day "
         "(@15h30m); "
         "long ago (epoch, or a negative time: no-cache) or in ten years (max). May be a variable.",
         "off"},
    });

// The next moment the local clock shows this time of the day.
int64_t next_time_of_day(int64_t now, int64_t seconds) {
  time_t moment = now;
  tm local{};
  ::localtime_r(&moment, &local);
  local.tm_hour = static_cast<int>(seconds / 3600);
  local.tm_min = static_cast<int>(seconds / 60 % 60);
  local.tm_sec = static_cast<int>(seconds % 60);
  local.tm_isdst = -1;
  tm tomorrow = local;
  int64_t next = ::mktime(&local);
  if (next > now) { return next; }
  ++tomorrow.tm_mday;
  return ::mktime(&tomorrow);
}

struct Lifetime {
  int64_t expires;
  int64_t max_age;  // negative: no-cache
};

Lifetime lifetime_of(const Expiry& expiry, int64_t now, int64_t last_modified) {
  switch (expiry.kind) {
    case Expiry::Kind::epoch:
      return {1, -1};
    case Expiry::Kind::max:
      return {2145916555, 315360000};  // Thu, 31 Dec 2037 23:55:55 GMT: the last some clients can tell
    case Expiry::Kind::time_of_day: {
      int64_t at = next_time_of_day(now, expiry.seconds);
      return {at, at - now};
    }
    case Expiry::Kind::after_change:
      if (last_modified >= 0) {
        int64_t at = last_modified + expiry.seconds;
        return {at, at - now};
      }
      [[fallthrough]];
    default:
      return {now + expiry.seconds, expiry.seconds};
  }
}

void set_fields(Request& request, const Lifetime& lifetime) {
  Arena& arena = request.arena();
  char* date = arena.characters(clock::kHttpDateSize);
  clock::write_http_date(date, lifetime.expires);
  request.response.fields.set(FieldId::expires, {date, clock::kHttpDateSize});
  string_view control = "no-cache";
  if (lifetime.max_age >= 0) {
    char* digits = arena.characters(20);
    char* end = write_decimal(digits, static_cast<uint64_t>(lifetime.max_age));
    control = arena.join("max-age=", {digits, static_cast<size_t>(end - digits)});
  }
  request.response.fields.set(FieldId::cache_control, control);
}

class Expires final : public Filter {
 public:
  explicit Expires(const ExpiresSettings& settings) : settings_(settings) {}

  void head(Request& request) const override {
    if (!is_storable(request.response.status)) { return; }
    Expiry expiry = settings_.fixed;
    if (!settings_.text.constant()) {
      const char* reason = nullptr;
      auto read = parse_expiry(settings_.text.evaluate(request), settings_.modified, reason);
      expiry = read.value_or(Expiry{});
    }
    if (expiry.kind == Expiry::Kind::off) { return; }
    auto now = static_cast<int64_t>(clock::wall() / 1000);
    set_fields(request, lifetime_of(expiry, now, request.response.modified_at()));
  }

 private:
  static bool is_storable(uint16_t status) {
    return status == 200 || status == 201 || status == 204 || status == 206 ||
           (status >= 301 && status <= 304) || status == 307 || status == 308;
  }
  const ExpiresSettings& settings_;
};

const Filter* make_expires(Arena& arena, const conf::Settings& settings) {
  const auto& own = settings.get<ExpiresSettings>();
  bool wanted = own.fixed.kind != Expiry::Kind::off || !own.text.constant();
  return wanted ? arena.own<Expires>(own) : nullptr;
}

// Before add_header, which may add to Cache-Control.
const FilterRow row = {"expires", stage::kHeaders - 1, make_expires};
const FilterRegistration registered(row);

}  // namespace

}  // namespace sluice::http
