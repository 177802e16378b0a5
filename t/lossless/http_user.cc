#include "http_user.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>

namespace lossless {

namespace {

constexpr size_t kReadSize = 65536;
constexpr int kSmallReceiveBuffer = 32768;  // so that a slow reader is felt by the server

std::string hexadecimal(uint64_t value) {
  char text[17];
  snprintf(text, sizeof text, "%016" PRIx64, value);
  return text;
}

}  // namespace

// -- a round: connect when needed, write, read ----------------------------------------------------------

void HttpUser::due() {
  if (pending_.empty()) {
    begin();
  } else if (manner_.upload > 0) {
    write();
  } else {
    read();
  }
}

void HttpUser::begin() {
  if (connection_.is_open() && connection_.ended()) {
    account_.ended_idle();
    disconnect();
  }
  if (connection_.is_open()) {
    send();
    return;
  }
  worker_ = 0;
  told_close_ = false;
  bool slow_reader = manner_.piece > 0 && manner_.upload == 0;
  connecting_ = connection_.open(port_, slow_reader ? kSmallReceiveBuffer : 0);
  moved();
  if (!connecting_) {
    account_.refused(static_cast<uint64_t>(manner_.depth));
    pause(1000, manner_.most_pause + 1000);
    return;
  }
  watch(connection_.fd(), EPOLLOUT);
}

void HttpUser::ready(uint32_t events) {
  if (connecting_) {
    connecting_ = false;
    if (connection_.connected()) {
      send();
    } else {
      account_.refused(static_cast<uint64_t>(manner_.depth));
      round_ended();
    }
    return;
  }
  if (pending_.empty()) {
    if (!connection_.ended()) { lose(Pending(0), "bytes that nobody asked for", false); }
    account_.ended_idle();
    disconnect();
    return;
  }
  if ((events & EPOLLOUT) != 0) { write(); }
  if (connection_.is_open() && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) { read(); }
}

void HttpUser::compose() {
  for (int i = 0; i < manner_.depth; ++i) {
    Pending pending(fresh_number());
    pending.size = manner_.piece > 0 ? manner_.size : pick(0, manner_.size);
    out_ += "GET /bytes/" + std::to_string(pending.number) + "/" + std::to_string(pending.size) +
            " HTTP/1.1\r\nHost: lossless\r\n" + (manner_.one_each ? "Connection: close\r\n\r\n" : "\r\n");
    pending_.push_back(std::move(pending));
  }
}

// Half of the users send to a location that passes on what it gets, the other half to one that waits for all
// of it.
void HttpUser::compose_upload() {
  Pending pending(fresh_number());
  body_ = std::make_unique<Pattern>(pending.number);
  body_left_ = manner_.upload;
  std::string all(manner_.upload, 0);
  Pattern(pending.number).fill(all.data(), all.size());
  Hash hash;
  hash.add(all);
  pending.expected = std::to_string(pending.number) + " " + hexadecimal(hash.value());
  pending.size = pending.expected.size();
  out_ = std::string("POST /hash/") + (seed_ % 2 == 0 ? "through/" : "whole/") +
         std::to_string(pending.number) +
         " HTTP/1.1\r\nHost: lossless\r\nContent-Length: " + std::to_string(manner_.upload) + "\r\n\r\n";
  pending_.push_back(std::move(pending));
}

void HttpUser::send() {
  if (manner_.upload > 0) {
    compose_upload();
  } else {
    compose();
  }
  connection_.mark();
  written_at_ = now();
  moved();
  ssize_t count = connection_.write(out_);
  if (count < 0 && errno != EAGAIN) {  // nothing of it has left
    account_.refused(pending_.size());
    pending_.clear();
    disconnect();
    round_ended();
    return;
  }
  account_.sent(pending_.size());
  out_.erase(0, static_cast<size_t>(std::max<ssize_t>(count, 0)));
  if (manner_.upload > 0) { call_at(now() + manner_.pace); }
  watch_more();
}

void HttpUser::watch_more() {
  uint32_t events = EPOLLIN;
  if (!out_.empty()) { events |= EPOLLOUT; }
  watch(connection_.fd(), events);
}

// More of an upload, when its time has come, or the rest of what the socket did not take.
void HttpUser::write() {
  if (out_.empty() && body_left_ > 0) {
    out_.resize(std::min(manner_.piece, body_left_));
    body_->fill(out_.data(), out_.size());
    body_left_ -= out_.size();
  }
  if (!write_piece()) { return; }
  if (body_left_ > 0) { call_at(now() + manner_.pace); }
  watch_more();
}

bool HttpUser::write_piece() {
  ssize_t count = connection_.write(out_);
  if (count < 0 && errno != EAGAIN) {
    read();  // an answer may have come before the end
    if (!pending_.empty()) { connection_ended("closed while the request was written"); }
    return false;
  }
  if (count > 0) { moved(); }
  out_.erase(0, static_cast<size_t>(std::max<ssize_t>(count, 0)));
  return true;
}

void HttpUser::read() {
  char bytes[kReadSize];
  bool paced = manner_.piece > 0 && manner_.upload == 0;
  ssize_t count = connection_.read(bytes, paced ? std::min<size_t>(manner_.piece, kReadSize) : kReadSize);
  if (count < 0 && errno == EAGAIN) {
    watch_more();
  } else if (count < 0) {
    connection_ended("reset");
  } else if (count == 0) {
    connection_ended("closed");
  } else {
    moved();
    consume({bytes, static_cast<size_t>(count)});
    if (!paced || pending_.empty()) { return; }
    // Not even watched meanwhile: what is not read must fill the buffers between.
    watch(-1, 0);
    call_at(now() + manner_.pace);
  }
}

// -- answers --------------------------------------------------------------------------------------------

void HttpUser::consume(std::string_view bytes) {
  while (!bytes.empty() && !pending_.empty()) {
    Pending& first = pending_.front();
    if (!first.reply) {
      first.reply = std::make_unique<Message>(
          Message::Kind::response, [this](std::string_view body) { take(pending_.front(), body); });
    }
    bytes.remove_prefix(first.reply->feed(bytes));
    if (first.reply->bad()) {
      connection_ended("an answer that is no HTTP");
      return;
    }
    if (first.reply->head_complete()) { note_worker(*first.reply); }
    if (!first.reply->complete()) { return; }
    judge(first);
    pending_.pop_front();
  }
  if (!bytes.empty()) {
    lose(Pending(0), "bytes behind the last answer", false);
    disconnect();
  }
  if (pending_.empty()) { round_ended(); }
}

void HttpUser::take(Pending& pending, std::string_view body) {
  pending.got += body.size();
  if (pending.expected.empty()) {
    pending.right = pending.pattern.matches(body) && pending.right;
  } else {
    pending.body += body;
  }
}

void HttpUser::note_worker(const Message& reply) {
  std::string worker(reply.field("x-worker"));
  if (!worker.empty()) { worker_ = atoi(worker.c_str()); }
}

void HttpUser::judge(const Pending& pending) {
  const Message& reply = *pending.reply;
  if (reply.says_close()) { told_close_ = true; }
  if (reply.status() != 200) {
    lose(pending, "status " + std::string(reply.second_word()), false);
  } else if (pending.got != pending.size || !pending.right || pending.body != pending.expected) {
    lose(pending, "a wrong body", false);
  } else {
    account_.answered(now() - written_at_);
  }
}

void HttpUser::lose(const Pending& pending, std::string why, bool crossed) {
  account_.lost(
      {std::move(why), pending.number, connection_.local_port(), worker_, now() - written_at_, crossed});
}

void HttpUser::round_ended() {
  bool unsaid = !out_.empty() || body_left_ > 0;
  out_.clear();
  body_left_ = 0;
  if (told_close_ || manner_.one_each || unsaid || (connection_.is_open() && !pending_.empty())) {
    disconnect();
  }
  if (connection_.is_open()) { watch(connection_.fd(), EPOLLIN | EPOLLRDHUP); }
  pause(0, manner_.most_pause);
}

// Judges what has no answer. "closed while" and the like say more than whether it was a reset.
void HttpUser::connection_ended(const char* how) {
  bool closed = how == std::string_view("closed");
  bool nothing_arrived = closed && connection_.nothing_arrived();
  for (const Pending& pending : pending_) {
    bool begun = pending.reply && pending.reply->begun();
    if (begun) {
      lose(pending, std::string(how) + " within the answer", false);
    } else if (told_close_) {
      account_.declined();
    } else {
      lose(pending, std::string(how) + " before the answer", nothing_arrived);
    }
  }
  pending_.clear();
  disconnect();
  round_ended();
}

void HttpUser::give_up(const char* why) {
  for (const Pending& pending : pending_) { lose(pending, why, false); }
  pending_.clear();
  connecting_ = false;
  disconnect();
  round_ended();
}

}  // namespace lossless
