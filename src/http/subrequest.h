// Subrequests: further requests that the configuration makes for a client's. Is it allowed (auth_request),
// who else is to see it (mirror), what stands around its answer (add_before_body)? Each is a Request of its
// own that serve() serves, from the server's own steps on; only guards (step.h) and filters that judge a
// client's request (filter.h) leave it alone. Subrequests make none themselves.
//
//   Request* asked = co_await ask(request, plan);      waits for the end
//   ask_aside(request, plan);                                does not, and it may outlive the request
//   request.response.source = ask_for_body(request, plan);   its answer's body is pulled
#pragma once

#include "conf/build.h"
#include "event/task.h"
#include "http/body.h"

namespace sluice::http {

class Request;

struct SubrequestPlan {
  // One that goes its own way is called like its parent: see find_request_name().
  const conf::Variable* name = nullptr;
  std::string_view path;      // or @name; lives as long as the configuration
  bool same_query = false;    // the parent's; else none
  bool same_method = false;   // the parent's; else GET
  bool with_body = false;     // the parent's, which has been read
  bool after_answer = false;  // the variables of the parent's answer hold until there is another
};

// $request_id, which each request would make up for itself.
const conf::Variable* find_request_name(conf::Build& build, const conf::Word& where);

// The result, whose answer's body is dropped, lives as long as the parent. Its status is 500 when there was
// no answer. It shares the parent's variables, and ends early when the parent is given up.
event::Task<Request*> ask(Request& parent, SubrequestPlan plan);

// Has copies of the parent's head and variables. False: too many are waiting in this process already.
bool ask_aside(Request& parent, const SubrequestPlan& plan);

// The body of the subrequest's answer, whatever its status. It is begun when first pulled, and given up when
// the parent ends.
Source* ask_for_body(Request& parent, const SubrequestPlan& plan);

}  // namespace sluice::http
