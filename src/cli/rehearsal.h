// One request, served for nobody by the code that serves: for `sluice explain`.
#pragma once

#include <string>

#include "event/task.h"
#include "http/inner_exchange.h"
#include "http/request.h"
#include "net/address.h"

namespace sluice::cli {

// How long what waits in between (a delay that the configuration asks for) may take, in milliseconds.
inline constexpr uint64_t kPatience = 2'000;

class Rehearsal {
 public:
  // `head`: the request's head as it would be received at `port` from `peer`.
  Rehearsal(const conf::Config& config, const http::Port& port, std::string head, const net::Address& peer);

  void run();
  http::Request& request() { return request_; }
  // False: something waits for longer than that.
  bool done() const { return done_; }
  // Why the head itself was refused; empty when it was not.
  const char* refused() const { return refused_; }

 private:
  http::Client& client(const http::Port& port, const net::Address& peer);
  event::Task<void> serve(uint16_t refused);

  std::string text_;
  http::Client client_;
  http::InnerExchange exchange_;
  http::Request request_;
  const char* refused_ = "";
  bool done_ = false;
  event::Nursery nursery_;
};

}  // namespace sluice::cli
