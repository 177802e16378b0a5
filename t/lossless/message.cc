#include "message.h"

#include <strings.h>

#include <algorithm>
#include <cstdlib>

namespace lossless {

namespace {

constexpr size_t kMostHead = 16384;
constexpr size_t kMostLine = 256;

}  // namespace

size_t Message::feed(std::string_view bytes) {
  size_t taken = 0;
  while (state_ != State::complete && state_ != State::bad && taken < bytes.size()) {
    std::string_view rest = bytes.substr(taken);
    switch (state_) {
      case State::head:
        taken += take_head(rest);
        break;
      case State::counted:
        taken += take_body(rest, State::complete);
        break;
      case State::chunk:
        taken += take_body(rest, State::chunk_end);
        break;
      default:
        taken += take_line(rest);
    }
  }
  return taken;
}

size_t Message::take_head(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    head_ += bytes[i];
    if (head_.ends_with("\r\n\r\n")) {
      head_ended();
      return i + 1;
    }
    if (head_.size() > kMostHead) { state_ = State::bad; }
  }
  return bytes.size();
}

void Message::head_ended() {
  std::string_view length = field("content-length");
  left_ = strtoull(std::string(length).c_str(), nullptr, 10);
  if (kind_ == Kind::response && (!head_.starts_with("HTTP/1.1 ") || status() < 100)) {
    state_ = State::bad;
  } else if (kind_ == Kind::response && status() == 101) {
    state_ = State::complete;
  } else if (field("transfer-encoding") == "chunked") {
    state_ = State::chunk_size;
  } else if (left_ > 0) {
    state_ = State::counted;
  } else {
    // An answer of ours always says how long it is: one that would last until the connection ends proves
    // nothing.
    state_ = kind_ == Kind::response && length.empty() ? State::bad : State::complete;
  }
}

size_t Message::take_body(std::string_view bytes, State after) {
  std::string_view part = bytes.substr(0, std::min<uint64_t>(left_, bytes.size()));
  left_ -= part.size();
  if (body_) { body_(part); }
  if (left_ == 0) { state_ = after; }
  return part.size();
}

size_t Message::take_line(std::string_view bytes) {
  size_t end = bytes.find('\n');
  line_ += bytes.substr(0, end == std::string_view::npos ? end : end + 1);
  if (line_.size() > kMostLine) { state_ = State::bad; }
  if (end == std::string_view::npos) { return bytes.size(); }
  line_ended();
  line_.clear();
  return end + 1;
}

void Message::line_ended() {
  bool empty = line_ == "\r\n";
  if (state_ == State::chunk_end) {
    state_ = empty ? State::chunk_size : State::bad;
  } else if (state_ == State::trailer) {
    if (empty) { state_ = State::complete; }
  } else {
    char* end = nullptr;
    left_ = strtoull(line_.c_str(), &end, 16);
    bool number = end != line_.c_str() && (*end == '\r' || *end == ';');
    state_ = !number ? State::bad : left_ > 0 ? State::chunk : State::trailer;
  }
}

std::string_view Message::second_word() const {
  size_t begin = head_.find(' ');
  if (begin == std::string::npos) { return {}; }
  size_t end = head_.find_first_of(" \r", begin + 1);
  return std::string_view(head_).substr(begin + 1, end - begin - 1);
}

std::string_view Message::field(std::string_view name) const {
  std::string_view head = head_;
  for (size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() <= name.size() || line[name.size()] != ':') { continue; }
    if (strncasecmp(line.data(), name.data(), name.size()) != 0) { continue; }
    size_t begin = line.find_first_not_of(' ', name.size() + 1);
    return begin == std::string_view::npos ? std::string_view() : line.substr(begin);
  }
  return {};
}

bool Message::says_close() const {
  std::string_view value = field("connection");
  return value.size() == 5 && strncasecmp(value.data(), "close", 5) == 0;
}

}  // namespace lossless
