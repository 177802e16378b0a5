// `index`: what answers for a path that ends in a slash.
#pragma once

namespace sluice::http {

class Request;

// False: none of the files exists, but the folder does. True: the request was answered or sent on.
bool answer_with_index(Request& request);

}  // namespace sluice::http
