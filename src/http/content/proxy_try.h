// One try of a proxied request at one peer, and what its failure means for the next.
#pragma once

#include <optional>
#include <utility>

#include "base/clock.h"
#include "http/content/proxy.h"
#include "http/origin.h"

namespace sluice::http {

// Which condition of proxy_next_upstream a status or an error is; 0: none.
uint32_t condition_of(uint16_t status);
uint32_t condition_of(const Error& error);

// One request at one peer: the connection and what has been learned from it. Given back or dropped when this
// ends.
class Try {
 public:
  Try(upstream::Group& group, upstream::Peer& peer) : group_(group), peer_(peer), started_at_(clock::now()) {}
  Try(const Try&) = delete;
  Try& operator=(const Try&) = delete;
  ~Try() {
    if (connection_ != nullptr) { connection_->drop(); }
    group_.give_back(peer_);
  }
  void keep() { std::exchange(connection_, nullptr)->keep(); }
  // Once more at the same peer, on a fresh connection.
  void start_over() {
    std::exchange(connection_, nullptr)->drop();
    reused = false;
    fresh_only = true;
  }
  upstream::Group& group() { return group_; }
  upstream::Peer& peer() { return peer_; }
  upstream::IdleConnection*& connection() { return connection_; }
  Origin* origin = nullptr;
  uint64_t started_at() const { return started_at_; }
  bool reused = false;      // the connection has carried requests before
  bool fresh_only = false;  // it must not have

 private:
  upstream::Group& group_;
  upstream::Peer& peer_;
  upstream::IdleConnection* connection_ = nullptr;
  uint64_t started_at_;
};

// What ends with the request: gives the peer back once the body has been read.
class Exchanged {
 public:
  Tunnelled tunnelled;
  upstream::MadeGroup made;  // the group of `current`, when it was made for requests like this one
  std::optional<Try> current;
};

}  // namespace sluice::http
