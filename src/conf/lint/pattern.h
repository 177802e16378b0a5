// What can be told of a regular expression by reading it, for rules. Careful: what is said is true, what is
// not said may be true as well.
#pragma once

#include <string>
#include <string_view>

namespace sluice::conf::pattern {

// A repeated group whose body can match the same text in several ways, as (a+)+ can: time grows
// exponentially with a text that almost matches.
bool backtracks(std::string_view regex);
// It matches every path: "", "^/", ".*", "^/(.*)$" …
bool matches_everything(std::string_view regex);
// What every match begins with; empty when it is not bound to the start by ^.
std::string literal_start(std::string_view regex);
// The extension before which a dot stands that matches any character, as in ".php$"; empty when there is
// none.
std::string_view loose_dot(std::string_view regex);
// It ends in an extension without the $ that would make it the end: "\.php".
bool open_end(std::string_view regex);

}  // namespace sluice::conf::pattern
