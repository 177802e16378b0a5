// Reads one HTTP/1.1 message, a request or a response, from bytes that come in any pieces.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace lossless {

class Message {
 public:
  enum class Kind { request, response };
  using Body = std::function<void(std::string_view)>;

  Message(Kind kind, Body body) : kind_(kind), body_(std::move(body)) {}

  // Takes what belongs to this message and says how much that was. Stops at its end.
  size_t feed(std::string_view bytes);

  bool begun() const { return !head_.empty(); }
  bool head_complete() const { return state_ != State::head; }
  bool complete() const { return state_ == State::complete; }
  // What was read breaks HTTP.
  bool bad() const { return state_ == State::bad; }

  // The second word of the first line: a target, or a status.
  std::string_view second_word() const;
  int status() const { return atoi(std::string(second_word()).c_str()); }
  std::string_view method() const { return std::string_view(head_).substr(0, head_.find(' ')); }
  // A field's value, or nothing.
  std::string_view field(std::string_view name) const;
  bool says_close() const;

 private:
  enum class State { head, counted, chunk_size, chunk, chunk_end, trailer, complete, bad };
  size_t take_head(std::string_view bytes);
  size_t take_body(std::string_view bytes, State after);
  size_t take_line(std::string_view bytes);
  void head_ended();
  void line_ended();

  Kind kind_;
  Body body_;
  State state_ = State::head;
  std::string head_;
  std::string line_;
  uint64_t left_ = 0;
};

}  // namespace lossless
