// Reading a request's body before it is used.
#pragma once

#include "event/task.h"
#include "http/request.h"

namespace sluice::http {

// Its announced length exceeds client_max_body_size: 413 before anything is read.
bool body_too_large(const Request& request);
// Reads all of it into request.body: in memory up to client_body_buffer_size, else in a temporary file.
event::Task<Result<void>> read_request_body(Request& request);
// Tells that the client did not send a body that can be used.
void log_unread_body(const Request& request, const Error& error);

}  // namespace sluice::http
