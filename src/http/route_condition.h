// What `route` asks of a request: tests joined by `and`, `or` and `not`, with parentheses. `not` binds
// tightest, then `and`, then `or`.
//
//   $variable                 neither empty nor "0"
//   header NAME               the same of a request field, `cookie NAME` of a cookie, `argument NAME` of an
//                             argument
//   method NAME …             the request has one of these methods
//   host NAME …               one of these names: example.com, *.example.com, .example.com, www.example.*
//   client CIDR …             the client's address is one of these, or `unix:`
//
// Behind $variable and each NAME of a field, cookie or argument there may be a comparison: =, !=, ~, ~*, !~
// or !~* and a text or a regular expression, whose groups become variables. A word in quotes is never one of
// the language's own.
#pragma once

#include "http/condition.h"

namespace sluice::http {

// From the arguments of a directive. Null: it was an error, told at its word.
ConditionPointer compile_route_condition(conf::Build& build, const conf::Node& node);

}  // namespace sluice::http
