// The rewrite module: return. A block's directives form a script that runs in the order they are written.
#include <memory>
#include <vector>

#include "base/text.h"
#include "conf/build.h"
#include "conf/expression.h"
#include "http/request.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

// One command of a block's script.
class Command {
 public:
  virtual ~Command() = default;
  virtual Verdict run(Request& request) const = 0;
};

struct RewriteSettings {
  std::vector<std::shared_ptr<const Command>> script;
};

class Return final : public Command {
 public:
  Return(uint16_t status, conf::Expression text) : status_(status), text_(std::move(text)) {}
  Verdict run(Request& r) const override {
    if (status_ == 444) {
      r.discard_connection = true;
      r.exchange.close_after();
      return Verdict::done;
    }
    bool redirect = (status_ >= 301 && status_ <= 303) || status_ == 307 || status_ == 308;
    if (redirect) {
      r.redirect_externally(status_, text_.evaluate(r));
      return Verdict::done;
    }
    if (text_.empty()) {
      if (status_ >= 300) { return r.refuse(status_); }
      r.response.clear();
      r.response.status = status_;
      r.response.length = 0;
      return Verdict::done;
    }
    r.response.clear();
    r.response.status = status_;
    string_view text = text_.evaluate(r);
    r.response.body.append(text);
    r.response.length = static_cast<int64_t>(text.size());
    r.response.content_type = type_of(r);
    return Verdict::done;
  }

 private:
  static string_view type_of(Request& r) {
    const MimeTypes& types = r.core().types != nullptr ? *r.core().types : MimeTypes::built_in();
    string_view type = types.find(r.path);
    return type.empty() ? string_view(r.core().default_type) : type;
  }
  uint16_t status_;
  conf::Expression text_;
};

bool is_url(string_view text) {
  return text.starts_with("http://") || text.starts_with("https://") || text.starts_with("$scheme");
}

void set_return(Build& build, Scope& scope, const Node& node, const Row&) {
  auto& script = scope.own<RewriteSettings>().script;
  auto code = conf::parse_number(node.argument(0));
  if (!code) {
    if (node.argument_count() == 1 && is_url(node.argument(0))) {
      auto target = conf::Expression::compile(build, conf::Realm::http, node.argument_word(0));
      script.push_back(std::make_shared<Return>(uint16_t{302}, std::move(target)));
      return;
    }
    build.error(node.argument_word(0), "invalid return code \"" + node.argument(0) + "\"",
                "a status from 0 to 999, or a URL that begins with http://, https:// or $scheme");
    return;
  }
  if (*code > 999) {
    build.error(node.argument_word(0), "invalid return code \"" + node.argument(0) + "\"",
                "it must be at most 999");
    return;
  }
  conf::Expression text;
  if (node.argument_count() == 2) {
    text = conf::Expression::compile(build, conf::Realm::http, node.argument_word(1));
  }
  script.push_back(std::make_shared<Return>(static_cast<uint16_t>(*code), std::move(text)));
}

const conf::Module<RewriteSettings> module(
    "rewrite",
    {
        conf::Module<RewriteSettings>::RowSpec("return",
                                               conf::kServer | conf::kLocation | conf::kServerIf |
                                                   conf::kLocationIf,
                                               arguments(1, 2), set_return, "code [text] | code URL | URL",
                                               "Ends the request with this status: with a redirect to URL "
                                               "for 301, 302, 303, 307 and 308, else with text as "
                                               "the body. 444 closes the connection without an answer.")
            .repeating(),
    },
    conf::Inherit::no);

class RewriteStep final : public Step {
 public:
  explicit RewriteStep(const RewriteSettings& settings) : settings_(settings) {}
  Verdict check(Request& r) const override {
    for (const auto& command : settings_.script) {
      Verdict verdict = command->run(r);
      if (verdict != Verdict::next) { return verdict; }
    }
    return Verdict::next;
  }

 private:
  const RewriteSettings& settings_;
};

const Step* make_step(Arena& arena, const conf::Settings& settings) {
  const auto& rewrite = settings.get<RewriteSettings>();
  return rewrite.script.empty() ? nullptr : arena.own<RewriteStep>(rewrite);
}

const StepRow server_row{"rewrite (server)", Phase::server_rewrite, 0, make_step};
const StepRow location_row{"rewrite", Phase::rewrite, 0, make_step};
const StepRegistration server_registered(server_row);
const StepRegistration location_registered(location_row);

}  // namespace

}  // namespace sluice::http
