// Answers preconditions (If-Match, If-None-Match and the like) for what is served from here. What comes from
// upstream had its conditions judged there.
#include "http/conditional.h"
#include "http/filter.h"
#include "http/request.h"

namespace sluice::http {

namespace {

bool has_condition(const Fields& fields) {
  return fields.has(FieldId::if_none_match) || fields.has(FieldId::if_modified_since) ||
         fields.has(FieldId::if_match) || fields.has(FieldId::if_unmodified_since);
}

// The representation is not sent, and what described it leaves with it; validators and caching stay.
void answer_not_modified(Response& response) {
  response.status = 304;
  response.body.clear();
  response.source = nullptr;
  response.filters = nullptr;
  response.length = -1;
  response.content_type = {};
  response.ranges_allowed = false;
  response.fields.remove(FieldId::content_encoding);
}

// A page of our own: the answer is on its way out, too late for error_page to choose another location.
void answer_failed(Request& request) {
  request.no_error_page = true;
  request.refuse(412);
}

class NotModified final : public Filter {
 public:
  void head(Request& request) const override {
    Response& response = request.response;
    if (response.status != 200 || response.from_upstream || !has_condition(request.head.fields)) { return; }
    Validators validators{response.fields.value(FieldId::etag), response.last_modified};
    if (validators.etag.empty() && validators.last_modified < 0) { return; }
    switch (check_preconditions(request.head.method, request.head.fields, validators,
                                request.core().if_modified_since)) {
      case Precondition::proceed:
        return;
      case Precondition::not_modified:
        return answer_not_modified(response);
      case Precondition::failed:
        return answer_failed(request);
    }
  }
};

const NotModified not_modified;

const Filter* make_not_modified(Arena&, const conf::Settings&) { return &not_modified; }

const FilterRow row = {"not_modified", stage::kNotModified, make_not_modified};
const FilterRegistration registered(row);

}  // namespace

}  // namespace sluice::http
