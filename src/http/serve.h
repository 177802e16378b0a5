// The whole life of a request, from a complete head to the log line; read it top to bottom.
#pragma once

#include "event/task.h"
#include "http/request.h"

namespace sluice::http {

// `refused`: the status the head itself earned (400, 414, …), or 0.
event::Task<void> serve(Request& request, uint16_t refused);

// Sends request.response: for content that must go on working while its answer leaves. Others return, and
// serve() sends.
event::Task<void> send_answer(Request& request);

}  // namespace sluice::http
