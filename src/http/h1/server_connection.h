// A client's HTTP/1 connection. While idle it is this object and a watched socket: no buffer, no arena, no
// coroutine. When bytes come, run() serves requests one after another until there is nothing more to read.
#pragma once

#include "base/chain.h"
#include "event/task.h"
#include "http/service.h"
#include "net/connection.h"

namespace sluice::http::h1 {

class ServerExchange;

class ServerConnection final : public ServedConnection, private event::Deadline {
 public:
  ServerConnection(Service& service, const sockaddr* peer, socklen_t length, const Port& port);
  ~ServerConnection() override;
  // Takes ownership of `fd`. On failure the connection discards itself.
  void open(int fd);

  bool idle() const override { return state_ == State::idle; }
  void retire(bool gently) override;
  void end_tunnel() override;
  void stop() override;

 private:
  friend class ServerExchange;
  enum class State : uint8_t {
    idle,     // between requests, or before the first
    reading,  // a head is coming
    serving,  // a request is being answered
    ending,   // lingering, then closed
    closed,
  };
  enum class Next : uint8_t { request, idle, close, linger };
  enum class HeadRead : uint8_t { complete, nothing, late, ended };

  shm::Counter* counter_of(State state);
  void enter(State state) {
    if (service_.counts.wanted()) [[unlikely]] { count_change(state); }
    state_ = state;
  }
  void count_change(State state);
  static void on_event(void* self);
  void met() override;
  void wake();
  void watch_client();
  void judge_half_closed();
  event::Task<void> run();
  bool read_at_once(class HeadReader& reader);
  event::Task<HeadRead> read_head(ServerExchange& exchange, class HeadReader& reader);
  void begin_reading(ServerExchange& exchange, Request& request);
  uint16_t judge_head(ServerExchange& exchange, Request& request, class HeadReader& reader, bool late);
  void begin_request(ServerExchange& exchange, Request& request, uint16_t refused);
  void note_line(Request& request) const;
  void log_broken_head(Request& request);
  void reset_if_due(const ServerExchange& exchange, const Request& request);
  bool broken(ServerExchange& exchange, const Request& request) const;
  Next after(ServerExchange& exchange, const CoreSettings& core, bool refused);
  event::Task<void> finish_body(ServerExchange& exchange);
  event::Task<void> linger();
  event::Task<bool> take_turns();
  bool more_waiting();
  void become_idle();
  void close();

  // Input: bytes [begin_, end_) of in_ are received and not yet used.
  size_t buffered() const { return end_ - begin_; }
  const char* input() const { return in_->data() + begin_; }
  // Room behind end_ for at least `least` more bytes; input may move (returns the distance).
  ptrdiff_t make_room(size_t least);
  void drop_input();

  net::Connection io_;
  Service& service_;
  Client client_;
  event::Scope* scope_ = nullptr;  // of the request being served
  ServerExchange* exchange_ = nullptr;
  uint64_t sent_before_ = 0;  // bytes of this answer that had left when the client shut down its side
  BufferRef in_;
  uint32_t begin_ = 0;
  uint32_t end_ = 0;
  State state_ = State::idle;
  bool ignore_hangup_ = false;  // the request goes on without its client
  bool half_closed_ = false;
};

}  // namespace sluice::http::h1
