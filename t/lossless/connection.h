// A client's TCP connection over loopback, and what its kernel knows of the other end.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

namespace lossless {

class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(); }

  // Begins to connect; False: refused. `receive_buffer` bounds what the kernel takes in, 0: its own choice.
  bool open(uint16_t port, int receive_buffer);
  void close();
  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  // What became of open().
  bool connected();

  // As send() and recv() with MSG_DONTWAIT.
  ssize_t write(std::string_view bytes);
  ssize_t read(char* to, size_t size);
  // The other end has closed or reset it, and nothing is left to read.
  bool ended() const;

  // Remembers what was written up to here.
  void mark() { marked_ = written_; }
  // Nothing written since mark() has come as far as the other end's kernel.
  bool nothing_arrived() const;

  uint16_t local_port() const { return local_port_; }

 private:
  uint64_t acknowledged() const;

  int fd_ = -1;
  uint16_t local_port_ = 0;
  uint64_t before_ = 0;  // what the kernel counts as acknowledged before the first byte
  uint64_t written_ = 0;
  uint64_t marked_ = 0;
};

}  // namespace lossless
