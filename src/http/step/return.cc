// `return`: ends a request with a status, a text or a redirect.
#include "conf/expression.h"
#include "http/error_page_text.h"
#include "http/step/script.h"

namespace sluice::http {

namespace {

using conf::arguments;
using conf::Build;
using conf::Node;
using conf::Row;
using conf::Scope;

class Return final : public Command {
 public:
  Return(uint16_t status, conf::Expression text) : status_(status), text_(std::move(text)) {}
  Course run(Progress& progress) const override { return answer(progress, end(progress.request)); }

 private:
  Verdict end(Request& r) const {
    if (status_ == 444 || status_ == 499) {
      r.discard_connection = true;
      r.exchange.close_after();
      return Verdict::done;
    }
    if (is_redirect(status_)) {
      r.redirect_externally(status_, text_.evaluate(r));
      return Verdict::done;
    }
    if (text_.empty() && status_ >= 400) { return r.refuse(status_); }
    r.response.clear();
    r.response.status = status_;
    string_view text = text_.evaluate(r);
    r.response.body.append(text);
    r.response.length = static_cast<int64_t>(text.size());
    if (status_ != 204) { r.response.content_type = type_of(r); }
    return Verdict::done;
  }

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
  auto& script = script_of(scope);
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

struct ReturnSettings {};

const conf::Module<ReturnSettings> module(
    "rewrite",
    {
        conf::Module<ReturnSettings>::RowSpec("return", kInScripts, arguments(1, 2), set_return,
                                              "code [text] | code URL | URL",
                                              "Ends the request with this status: with a redirect to URL "
                                              "for 301, 302, 303, 307 and 308, else with text as "
                                              "the body. 444 closes the connection without an answer.")
            .repeating(),
    });

}  // namespace

}  // namespace sluice::http
