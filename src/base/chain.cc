#include "base/chain.h"

#include <algorithm>
#include <new>
#include <utility>

namespace sluice {

Buffer* Buffer::make(size_t capacity) {
  auto* buffer = new (pool::take(capacity + sizeof(Buffer))) Buffer;
  buffer->capacity_ = static_cast<uint32_t>(capacity);
  return buffer;
}

void Buffer::destroy() { pool::give(this, capacity_ + sizeof(Buffer)); }

namespace {

// Moves `count` slices to raw memory; the source ends as raw memory.
void relocate(Slice* from, size_t count, Slice* to) {
  for (size_t i = 0; i < count; ++i) {
    new (to + i) Slice(std::move(from[i]));
    from[i].~Slice();
  }
}

Slice* raw(size_t count) { return static_cast<Slice*>(::operator new(count * sizeof(Slice))); }

}  // namespace

// Leaves room for one more at the end.
void Chain::room() {
  if (first_ + count_ < capacity_) { return; }
  // A long queue that loses one and gains one must not be moved each time.
  if (first_ > 0 && (first_ > capacity_ / 2 || capacity_ <= 64)) {
    relocate(items_ + first_, count_,
             items_);  // downwards, so that no slice is written over before it was moved
    first_ = 0;
    return;
  }
  Slice* larger = raw(capacity_ * 2);
  relocate(items_ + first_, count_, larger);
  if (items_ != room_here()) { ::operator delete(items_); }
  items_ = larger;
  first_ = 0;
  capacity_ *= 2;
}

void Chain::append(Slice slice) {
  if (slice.size == 0) { return; }
  size_ += slice.size;
  // Neighbours in the same memory or file become one slice: fewer iovecs, and bodies read in many small
  // pieces do not grow the queue.
  if (count_ > 0) {
    Slice& last = items_[first_ + count_ - 1];
    bool same_memory = !slice.in_file() && !last.in_file() && last.data + last.size == slice.data &&
                       last.owner.get() == slice.owner.get();
    bool same_file = slice.in_file() && last.in_file() && last.fd == slice.fd &&
                     last.offset + static_cast<off_t>(last.size) == slice.offset;
    if (same_memory || same_file) {
      last.size += slice.size;
      return;
    }
  }
  room();
  new (items_ + first_ + count_) Slice(std::move(slice));
  ++count_;
}

void Chain::prepend(Slice slice) {
  if (slice.size == 0) { return; }
  Chain rest(std::move(*this));
  append(std::move(slice));
  append(std::move(rest));
}

void Chain::append(Chain&& other) {
  if (count_ == 0) {
    *this = std::move(other);
    return;
  }
  for (size_t i = 0; i < other.count_; ++i) { append(std::move(other.items_[other.first_ + i])); }
  other.clear();
}

void Chain::consume(uint64_t bytes) {
  if (bytes == size_ && count_ == 1) {
    items_[first_].~Slice();
    first_ = count_ = 0;
    size_ = 0;
    return;
  }
  size_ -= bytes;
  while (bytes > 0) {
    Slice& slice = items_[first_];
    if (bytes < slice.size) {
      if (!slice.in_file()) { slice.data += bytes; }
      slice.offset += static_cast<off_t>(bytes);
      slice.size -= bytes;
      return;
    }
    bytes -= slice.size;
    slice.~Slice();
    ++first_;
    --count_;
  }
  if (count_ == 0) { first_ = 0; }
}

void Chain::move_to(Chain& to, uint64_t bytes) {
  if (bytes >= size_) {
    to.append(std::move(*this));
    return;
  }
  while (bytes > 0) {
    const Slice& slice = front();
    Slice part = slice;
    part.size = std::min(bytes, slice.size);
    uint64_t moved = part.size;
    to.append(std::move(part));
    consume(moved);
    bytes -= moved;
  }
}

void Chain::clear_slices() {
  for (size_t i = 0; i < count_; ++i) { items_[first_ + i].~Slice(); }
  if (items_ != room_here()) { ::operator delete(items_); }
  items_ = room_here();
  capacity_ = kInline;
  first_ = count_ = 0;
  size_ = 0;
}

// This chain is empty.
void Chain::take(Chain& other) {
  if (other.items_ != other.room_here()) {
    items_ = other.items_;
    capacity_ = other.capacity_;
    first_ = other.first_;
    other.items_ = other.room_here();
    other.capacity_ = kInline;
  } else {
    relocate(other.items_ + other.first_, other.count_, items_);
    first_ = 0;
  }
  other.first_ = 0;
  count_ = std::exchange(other.count_, 0);
  size_ = std::exchange(other.size_, 0);
}

size_t Chain::iovecs(iovec* out, size_t most, uint64_t bytes) const {
  size_t filled = 0;
  for (size_t i = 0; i < count_ && filled < most && bytes > 0; ++i) {
    const Slice& slice = at(i);
    if (slice.in_file()) { break; }
    size_t size = static_cast<size_t>(std::min(slice.size, bytes));
    out[filled++] = {const_cast<char*>(slice.data), size};
    bytes -= size;
  }
  return filled;
}

}  // namespace sluice
