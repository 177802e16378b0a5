// `sub_filter`: words in answers become others.
#include <algorithm>
#include <memory>
#include <vector>

#include "conf/build.h"
#include "conf/expression.h"
#include "http/content_types.h"
#include "http/filter.h"
#include "http/request.h"
#include "http/substitution.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

struct Pair {
  conf::Expression from, to;
};

struct SubSettings {
  std::vector<Pair> pairs;
  bool once = true;
  bool keep_last_modified = false;
  ContentTypes types{"text/html"};
};

void set_sub_filter(Build& build, Scope& scope, const Node& node, const Row& row) {
  if (node.argument(0).empty()) {
    build.error(node.argument_word(0), "empty search pattern", "the text to look for comes first");
    return;
  }
  auto& pairs = scope.own<SubSettings>().pairs;
  if (scope.first_in_block(row)) { pairs.clear(); }
  pairs.push_back({conf::Expression::compile(build, conf::Realm::http, node.argument_word(0)),
                   conf::Expression::compile(build, conf::Realm::http, node.argument_word(1))});
}

using S = SubSettings;
using RowSpec = conf::Module<S>::RowSpec;

const conf::Module<S> module(
    "http",
    {
        RowSpec(
            "sub_filter", conf::kHttpServerLocation, arguments(2), set_sub_filter, "string replacement",
            "Replaces a text in answers by another. Case does not matter to what is looked for. Both may "
            "contain variables. Of several that match at one place the first in the list is taken. A block "
            "inherits these only when it has none of its own. Answers that are compressed already are left "
            "as they are.")
            .repeating(),
        {"sub_filter_once", conf::kHttpServerLocation, &S::once, "on | off",
         "Whether each sub_filter replaces only the first place where its text stands.", "on"},
        {"sub_filter_last_modified", conf::kHttpServerLocation, &S::keep_last_modified, "on | off",
         "Whether changed answers keep Last-Modified, and a weak ETag; else both are removed.", "off"},
        RowSpec("sub_filter_types", conf::kHttpServerLocation, arguments(1, conf::kAny),
                set_content_types<S, &S::types>, "mime-type …",
                "Content types beside text/html in which sub_filter replaces; * is any.", "text/html")
            .repeating(),
    });

class Substituting final : public BodyFilter, private Replacements {
 public:
  Substituting(Request& request, const SubSettings& settings, const Patterns& patterns)
      : request_(request),
        settings_(settings),
        known_(request.arena().array<string_view>(patterns.count())),
        work_(request.arena(), patterns, *this, settings.once) {
    std::fill_n(known_, patterns.count(), string_view());
  }
  bool push(Chain& in, bool last, Chain& out) override {
    work_.push(in, last, out);
    return true;
  }

 private:
  // Evaluated where it is first needed, and the same from then on.
  string_view replacement(size_t pattern) override {
    string_view& text = known_[pattern];
    if (text.data() == nullptr) {
      text = settings_.pairs[pattern].to.evaluate(request_);
      if (text.data() == nullptr) { text = ""; }
    }
    return text;
  }
  Request& request_;
  const SubSettings& settings_;
  string_view* known_;
  Substitution work_;
};

class SubFilter final : public Filter {
 public:
  explicit SubFilter(const SubSettings& settings) : settings_(settings) {
    auto constant = [](const Pair& pair) { return pair.from.constant(); };
    if (!std::all_of(settings.pairs.begin(), settings.pairs.end(), constant)) { return; }
    for (const Pair& pair : settings.pairs) { words_.push_back(pair.from.text()); }
    patterns_ = std::make_unique<Patterns>(words_.data(), words_.size());
  }

  bool in_subrequests() const override { return true; }
  void head(Request& request) const override {
    Response& response = request.response;
    bool encoded = response.fields.has(FieldId::content_encoding);
    if (response.length == 0 || encoded || !settings_.types.has(response.content_type)) { return; }
    const Patterns* patterns = patterns_ != nullptr ? patterns_.get() : patterns_of(request);
    if (patterns->empty()) { return; }
    response.add(request.arena().own<Substituting>(request, settings_, *patterns));
    response.body_changes(settings_.keep_last_modified ? Validity::weak : Validity::none);
  }

 private:
  const Patterns* patterns_of(Request& request) const {
    Arena& arena = request.arena();
    auto* words = arena.array<string_view>(settings_.pairs.size());
    for (size_t i = 0; i < settings_.pairs.size(); ++i) {
      new (words + i) string_view(settings_.pairs[i].from.evaluate(request));
    }
    return arena.make<Patterns>(words, settings_.pairs.size());
  }

  const SubSettings& settings_;
  std::vector<string_view> words_;
  std::unique_ptr<Patterns> patterns_;  // none: made for each request
};

const Filter* make_sub_filter(Arena& arena, const conf::Settings& settings) {
  const auto& own = settings.get<SubSettings>();
  return own.pairs.empty() ? nullptr : arena.own<SubFilter>(own);
}

const FilterRow row = {"sub_filter", stage::kSubstitute, make_sub_filter};
const FilterRegistration registered(row);

}  // namespace

}  // namespace sluice::http
