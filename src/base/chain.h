// Bytes on their way: a queue of slices, each a piece of memory or of a file. A slice may carry a reference
// to what keeps its memory alive; it is let go when the slice has been consumed.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "base/pool.h"

namespace sluice {

// Reference-counted memory from the pool. Not shared between threads.
class Buffer {
 public:
  // `capacity` bytes of room; the whole allocation is a power of two.
  static Buffer* make(size_t capacity);
  void retain() { ++references_; }
  void release() {
    if (--references_ == 0) { destroy(); }
  }
  char* data() { return reinterpret_cast<char*>(this + 1); }
  size_t capacity() const { return capacity_; }
  bool shared() const { return references_ > 1; }

 private:
  void destroy();
  uint32_t references_ = 1;
  uint32_t capacity_ = 0;
};

// Owning handle of one reference.
class BufferRef {
 public:
  BufferRef() = default;
  explicit BufferRef(Buffer* adopted) : buffer_(adopted) {}
  BufferRef(const BufferRef& other) : buffer_(other.buffer_) {
    if (buffer_ != nullptr) { buffer_->retain(); }
  }
  BufferRef(BufferRef&& other) noexcept : buffer_(other.buffer_) { other.buffer_ = nullptr; }
  BufferRef& operator=(BufferRef other) noexcept {
    Buffer* mine = buffer_;
    buffer_ = other.buffer_;
    other.buffer_ = mine;
    return *this;
  }
  ~BufferRef() { reset(); }
  void reset() {
    if (buffer_ != nullptr) { buffer_->release(); }
    buffer_ = nullptr;
  }
  Buffer* get() const { return buffer_; }
  Buffer* operator->() const { return buffer_; }
  explicit operator bool() const { return buffer_ != nullptr; }

 private:
  Buffer* buffer_ = nullptr;
};

struct Slice {
  const char* data = nullptr;  // null: a piece of a file
  uint64_t size = 0;
  int fd = -1;
  off_t offset = 0;
  BufferRef owner;  // empty: the memory outlives the chain by other means (arena, static, mapped)

  bool in_file() const { return data == nullptr; }
};

class Chain {
 public:
  Chain() = default;
  Chain(Chain&& other) noexcept { take(other); }
  Chain& operator=(Chain&& other) noexcept {
    clear();
    take(other);
    return *this;
  }
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;
  ~Chain() { clear(); }

  bool empty() const { return size_ == 0; }
  uint64_t size() const { return size_; }  // bytes
  size_t slices() const { return count_; }

  void append(Slice slice);
  void append(std::string_view memory) { append(memory, BufferRef()); }
  void append(std::string_view memory, BufferRef owner) {
    if (count_ != 0 || memory.empty()) {
      append(Slice{memory.data(), memory.size(), -1, 0, std::move(owner)});
      return;
    }
    // The first one, as most are.
    new (items_ + first_) Slice{memory.data(), memory.size(), -1, 0, std::move(owner)};
    count_ = 1;
    size_ = memory.size();
  }
  void append_file(int fd, off_t offset, uint64_t size) { append(Slice{nullptr, size, fd, offset, {}}); }
  void prepend(Slice slice);
  void append(Chain&& other);

  const Slice& front() const { return at(0); }
  const Slice& at(size_t i) const { return items_[first_ + i]; }
  // Forgets the first `bytes` bytes, which were written or read.
  void consume(uint64_t bytes);
  // Moves the first `bytes` bytes (at most) to the end of `to`.
  void move_to(Chain& to, uint64_t bytes);
  void clear() {
    if (count_ != 0 || items_ != room_here()) { clear_slices(); }
  }
  // Fills up to `most` iovecs with the leading memory slices, at most `bytes` in all; returns how many.
  size_t iovecs(iovec* out, size_t most, uint64_t bytes = UINT64_MAX) const;

 private:
  void take(Chain& other);
  void room();
  void clear_slices();
  static constexpr size_t kInline = 6;
  Slice* room_here() { return reinterpret_cast<Slice*>(inline_); }
  // Raw: most chains of a request hold one or two slices, or none; making and ending them must cost nothing.
  // Slices in use are constructed; the others are not.
  alignas(Slice) unsigned char inline_[kInline * sizeof(Slice)];
  Slice* items_ = room_here();
  size_t capacity_ = kInline;
  size_t first_ = 0;
  size_t count_ = 0;
  uint64_t size_ = 0;
};

}  // namespace sluice
