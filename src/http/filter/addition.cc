// `add_before_body` and `add_after_body`: what subrequests answer stands around the answer.
#include "conf/build.h"
#include "http/content_types.h"
#include "http/filter.h"
#include "http/request.h"
#include "http/subrequest.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

struct AdditionSettings {
  std::string before, after;  // paths; empty: nothing
  const conf::Variable* name = nullptr;
  ContentTypes types{"text/html"};
};
using S = AdditionSettings;

template <std::string S::*member>
void set_path(Build& build, Scope& scope, const Node& node, const Row&) {
  scope.own<S>().*member = node.argument(0);
  scope.own<S>().name = find_request_name(build, node.argument_word(0));
}

const conf::Module<S> module(
    "addition",
    {
        {"add_before_body", conf::kHttpServerLocation, arguments(1), set_path<&S::before>, "uri",
         "Puts what a subrequest to this path answers before the body of answers with status 200 and a type "
         "of addition_types. \"\" cancels what would be inherited."},
        {"add_after_body", conf::kHttpServerLocation, arguments(1), set_path<&S::after>, "uri",
         "The same behind the body."},
        conf::Module<S>::RowSpec("addition_types", conf::kHttpServerLocation, arguments(1, conf::kAny),
                                 set_content_types<S, &S::types>, "mime-type …",
                                 "Content types beside text/html that add_before_body and add_after_body add "
                                 "to; * is any.",
                                 "text/html")
            .repeating(),
    });

// The answer's own body, with the filters that it has met so far.
class OwnBody final : public Source {
 public:
  explicit OwnBody(Response& response)
      : first_(std::move(response.body)), source_(response.source), filters_(response.filters) {
    response.filters = nullptr;
  }

  Flow pull(Chain& to, uint64_t room) override {
    Chain got;
    Flow flow = Flow::end;
    if (!first_.empty()) {
      got = std::move(first_);
      flow = source_ == nullptr ? Flow::end : Flow::ok;
    } else if (source_ != nullptr) {
      flow = source_->pull(got, room);
    }
    bool passes = flow == Flow::ok || flow == Flow::end;
    if (!passes) { return flow; }
    for (BodyFilter* filter = filters_; filter != nullptr; filter = filter->next) {
      Chain out;
      if (!filter->push(got, flow == Flow::end, out)) {
        filter_failed_ = true;
        return Flow::error;
      }
      got = std::move(out);
    }
    to.append(std::move(got));
    return flow;
  }
  // Asked for only after pull() said again: there is a source then.
  event::Ready& source_ready() override { return source_->source_ready(); }
  Error source_error() const override {
    if (!filter_failed_) { return source_->source_error(); }
    return {What::internal, Side::upstream, Retry::no, 0, "a body filter failed"};
  }
  uint64_t source_patience() const override { return source_->source_patience(); }
  void source_timed_out() override { source_->source_timed_out(); }

 private:
  Chain first_;
  Source* source_;
  BodyFilter* filters_;
  bool filter_failed_ = false;
};

// One source after another.
class Joined final : public Source {
 public:
  void add(Source* source) { sources_[count_++] = source; }

  Flow pull(Chain& to, uint64_t room) override {
    Flow flow = sources_[at_]->pull(to, room);
    if (flow != Flow::end || at_ + 1 == count_) { return flow; }
    ++at_;
    return Flow::ok;
  }
  event::Ready& source_ready() override { return sources_[at_]->source_ready(); }
  Error source_error() const override { return sources_[at_]->source_error(); }
  uint64_t source_patience() const override { return sources_[at_]->source_patience(); }
  void source_timed_out() override { sources_[at_]->source_timed_out(); }

 private:
  Source* sources_[3];
  size_t count_ = 0;
  size_t at_ = 0;
};

class Addition final : public Filter {
 public:
  explicit Addition(const S& settings) : settings_(settings) {}

  void head(Request& request) const override {
    Response& response = request.response;
    // Text in an encoded body would be no part of it.
    bool encoded = response.fields.has(FieldId::content_encoding);
    if (response.status != 200 || encoded || !settings_.types.has(response.content_type)) { return; }
    response.body_changes(Validity::weak);
    auto* joined = request.arena().own<Joined>();
    add(request, *joined, settings_.before);
    joined->add(request.arena().own<OwnBody>(response));
    add(request, *joined, settings_.after);
    response.source = joined;
  }

 private:
  void add(Request& request, Joined& joined, const std::string& path) const {
    if (path.empty()) { return; }
    SubrequestPlan plan;
    plan.path = path;
    plan.name = settings_.name;
    plan.with_body = true;
    joined.add(ask_for_body(request, plan));
  }
  const S& settings_;
};

const Filter* make_addition(Arena& arena, const conf::Settings& settings) {
  const auto& own = settings.get<S>();
  return own.before.empty() && own.after.empty() ? nullptr : arena.own<Addition>(own);
}

const FilterRow row{"addition", stage::kAddition, make_addition};
const FilterRegistration registered(row);

}  // namespace

}  // namespace sluice::http
