#include "cli/rehearsal.h"

#include <algorithm>

#include "base/clock.h"
#include "event/loop.h"
#include "http/h1/request_parser.h"
#include "http/serve.h"

namespace sluice::cli {

Rehearsal::Rehearsal(const conf::Config& config, const http::Port& port, std::string head,
                     const net::Address& peer)
    : text_(std::move(head)),
      exchange_(client(port, peer), nullptr, 0, nullptr),
      request_(config, exchange_) {}

http::Client& Rehearsal::client(const http::Port& port, const net::Address& peer) {
  client_.port = &port;
  client_.peer.set(peer.raw(), peer.length());
  client_.number = 1;
  client_.requests = 1;
  client_.accepted_at = clock::now();
  return client_;
}

void Rehearsal::run() {
  http::h1::RequestParser parser(request_.head, {});
  request_.started_at = clock::now();
  bool complete = parser.parse(text_.data(), text_.size()) == http::h1::ParseState::done;
  if (!complete) { refused_ = parser.reason(); }
  nursery_.adopt(serve(complete ? uint16_t{0} : std::max<uint16_t>(400, parser.status())));
  uint64_t end = clock::now() + kPatience;
  while (!done_ && clock::now() < end) { event::Loop::current().turn(10); }
  // What goes its own way beside the request has its turn, too.
  for (int i = 0; i < 3; ++i) { event::Loop::current().turn(1); }
}

event::Task<void> Rehearsal::serve(uint16_t refused) {
  uint16_t status = http::prepare(request_, refused);
  co_await http::serve(request_, status);
  done_ = true;
}

}  // namespace sluice::cli
