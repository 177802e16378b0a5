// Messages to a syslog server (RFC 3164) over a datagram socket, UDP or unix. Sending never waits: what the
// socket does not take at once is lost, and counted.
#pragma once

#include <sys/socket.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/occasional.h"
#include "conf/build.h"

namespace sluice::os {

class Syslog final : public log::Sink {
 public:
  // "server=address[:port],facility=…,tag=…,severity=…,nohostname"; null after saying what is wrong.
  static std::shared_ptr<Syslog> parse(conf::Build& build, const conf::Word& at, std::string_view parameters);
  ~Syslog() override;

  // An error log line, with its level as severity.
  void write(log::Level level, std::string_view line) override;
  // Any text, such as an access log line, with the severity that was set.
  void send(std::string_view text);

 private:
  friend class SyslogParser;
  Syslog() = default;
  void send(int severity, std::string_view text);
  bool ready();
  void complain(int sys);

  sockaddr_storage address_{};
  socklen_t length_ = 0;
  std::string tag_ = "sluice";
  int facility_ = 23;  // local7
  int severity_ = 6;   // info
  bool host_name_ = true;
  int fd_ = -1;
  uint64_t retry_at_ = 0;
  Occasional line_;
};

}  // namespace sluice::os
