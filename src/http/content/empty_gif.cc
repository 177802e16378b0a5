// `empty_gif`: a picture of one transparent dot.
#include "conf/build.h"
#include "http/request.h"

namespace sluice::http {

namespace {

constexpr char kPicture[] =
    "GIF89a"                             // of this version
    "\x01\x00\x01\x00\x80\x01\x00"       // one dot, two colours
    "\x00\x00\x00\xff\xff\xff"           // black, white
    "!\xf9\x04\x01\x00\x00\x01\x00"      // the second of which is transparent
    ",\x00\x00\x00\x00\x01\x00\x01\x00"  // at the corner
    "\x00\x02\x02L\x01\x00;";

class EmptyGif final : public Content {
 public:
  event::Task<Result<void>> answer(Request& request) const override {
    bool read = request.head.method == Method::get || request.head.method == Method::head;
    if (!read) {
      request.answer_with(request.refuse(405));
      co_return Result<void>();
    }
    Response& response = request.response;
    response.content_type = "image/gif";
    response.length = sizeof kPicture - 1;
    response.body.append(string_view(kPicture, sizeof kPicture - 1));
    // As old as nginx says: caches that hold it may go on holding it.
    response.last_modified = 23349600;
    response.fields.add(FieldId::last_modified, "Mon, 28 Sep 1970 06:00:00 GMT");
    co_return Result<void>();
  }
  const char* name() const override { return "empty_gif"; }
};

struct EmptyGifSettings {};

void set_empty_gif(conf::Build& build, conf::Scope& scope, const conf::Node&, const conf::Row&) {
  scope.own<ContentSettings>().content = build.arena().own<EmptyGif>();
}

const conf::Module<EmptyGifSettings> module("http",
                                            {{"empty_gif", conf::kLocation, conf::arguments(0), set_empty_gif,
                                              "", "Answers with a transparent picture of one dot."}});

}  // namespace

}  // namespace sluice::http
