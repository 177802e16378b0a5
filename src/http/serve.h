// The whole life of a request, from a complete head to the answer's last byte; read it top to bottom.
#pragma once

#include "event/task.h"
#include "http/request.h"

namespace sluice::http {

// Finds the server and the path of a client's request from its head. `refused`: the status the head itself
// earned (400, 414, …), or 0. Returns what serve() is to be told.
uint16_t prepare(Request& request, uint16_t refused);

// `refused`: the status to answer with instead of looking for a location, or 0.
event::Task<void> serve(Request& request, uint16_t refused);

// Makes the location for the path the request's: one of `tree`, or `otherwise` when none of them matches.
// done and again: the request may not have it, or goes elsewhere first.
Verdict choose_location(Request& request, const LocationTree<Location>& tree, const Location& otherwise);

// The log line, and whatever else registered for a request's end. Called once, when all of it is over: a
// body that nobody wanted may be read away after the answer.
void finish(Request& request);

// What the client is told when answering failed like this.
uint16_t status_for(const Error& error);

// Sends request.response: for content that must go on working while its answer leaves. Others return, and
// serve() sends.
event::Task<void> send_answer(Request& request);

}  // namespace sluice::http
