// What can fail returns Result<T>: a value, or an Error that says what went wrong, on whose side, and whether
// the same work may be tried again elsewhere. No exceptions of ours.
#pragma once

#include <cstdint>
#include <new>
#include <utility>

namespace sluice {

enum class What : uint8_t {
  none,
  closed,       // the peer ended the connection in order
  reset,        // the connection broke
  refused,      // a connection could not be made
  timeout,      // a deadline passed
  canceled,     // the owner gave up
  protocol,     // the peer sent what its protocol does not allow
  too_large,    // a configured limit was exceeded
  unavailable,  // nobody to ask: no live peer, name not resolved
  not_found,
  forbidden,
  exhausted,  // out of descriptors, connections, memory or disk
  internal,
};

enum class Side : uint8_t { none, client, upstream, self };

// Whether the work that failed may be repeated on another peer.
enum class Retry : uint8_t {
  no,
  idempotent,  // the peer may have acted on it: only if repeating is harmless (RFC 9110 9.2.2)
  safe,        // the peer surely did not process it
};

struct Error {
  What what = What::none;
  Side side = Side::none;
  Retry retry = Retry::no;
  int sys = 0;                 // errno, 0 if none
  const char* text = nullptr;  // static text for the log, may be null
};

const char* name(What what);

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : ok_(true), value_(std::move(value)) {}  // NOLINT: implicit by design
  Result(Error error) : ok_(false), error_(error) {}        // NOLINT
  Result(Result&& other) noexcept : ok_(other.ok_) {
    if (ok_) {
      new (&value_) T(std::move(other.value_));
    } else {
      error_ = other.error_;
    }
  }
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;
  Result& operator=(Result&& other) noexcept {
    if (this != &other) {
      this->~Result();
      new (this) Result(std::move(other));
    }
    return *this;
  }
  ~Result() {
    if (ok_) { value_.~T(); }
  }

  explicit operator bool() const { return ok_; }
  T& operator*() { return value_; }
  const T& operator*() const { return value_; }
  T* operator->() { return &value_; }
  const T* operator->() const { return &value_; }
  const Error& error() const { return error_; }

 private:
  bool ok_;
  union {
    T value_;
    Error error_;
  };
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(error) {}  // NOLINT
  explicit operator bool() const { return error_.what == What::none; }
  const Error& error() const { return error_; }

 private:
  Error error_;
};

}  // namespace sluice
