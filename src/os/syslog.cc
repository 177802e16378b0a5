#include "os/syslog.h"

#include <netdb.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <ctime>

#include "base/clock.h"
#include "base/text.h"

namespace sluice::os {

namespace {

constexpr size_t kLongestTag = 32;      // RFC 3164 4.1.3
constexpr uint64_t kRetryAfter = 1000;  // milliseconds until a socket that broke is made anew

constexpr std::string_view kFacilities[] = {"kern",   "user",   "mail",   "daemon", "auth",     "intern",
                                            "lpr",    "news",   "uucp",   "clock",  "authpriv", "ftp",
                                            "ntp",    "audit",  "alert",  "cron",   "local0",   "local1",
                                            "local2", "local3", "local4", "local5", "local6",   "local7"};
constexpr std::string_view kSeverities[] = {"emerg", "alert",  "crit", "error",
                                            "warn",  "notice", "info", "debug"};

template <size_t N>
int place_of(const std::string_view (&names)[N], std::string_view name) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == name) { return static_cast<int>(i); }
  }
  return -1;
}

int severity_of(log::Level level) {
  return level == log::Level::stderr_only ? 0 : static_cast<int>(level) - 1;
}

}  // namespace

class SyslogParser {
 public:
  SyslogParser(conf::Build& build, const conf::Word& at) : build_(build), at_(at) {}

  std::shared_ptr<Syslog> parse(std::string_view parameters) {
    bool good = true;
    while (!parameters.empty()) {
      Split part = split(parameters, ',');
      good = parameter(part.head) && good;
      parameters = part.tail;
    }
    if (good && made_->length_ == 0) { good = fail("no syslog server specified"); }
    return good ? made_ : nullptr;
  }

 private:
  bool fail(std::string text) {
    build_.error(at_, std::move(text));
    return false;
  }

  bool parameter(std::string_view text) {
    Split pair = split(text, '=');
    std::string shown(text);
    if (pair.head == "server" && pair.found) {
      return made_->length_ != 0 ? fail("duplicate syslog \"server\"") : server(std::string(pair.tail));
    }
    if (pair.head == "facility" && pair.found) {
      made_->facility_ = place_of(kFacilities, pair.tail);
      return made_->facility_ >= 0 || fail("unknown syslog facility \"" + std::string(pair.tail) + "\"");
    }
    if (pair.head == "severity" && pair.found) {
      made_->severity_ = place_of(kSeverities, pair.tail);
      return made_->severity_ >= 0 || fail("unknown syslog severity \"" + std::string(pair.tail) + "\"");
    }
    if (pair.head == "tag" && pair.found) { return tag(pair.tail); }
    if (text == "nohostname") {
      made_->host_name_ = false;
      return true;
    }
    return fail("unknown syslog parameter \"" + shown + "\"");
  }

  bool tag(std::string_view name) {
    if (name.size() > kLongestTag) { return fail("syslog tag length exceeds 32"); }
    for (char c : name) {
      if (!is_alpha(c) && !is_digit(c) && c != '_') {
        return fail("syslog \"tag\" only allows alphanumeric characters and underscore");
      }
    }
    made_->tag_ = name;
    return true;
  }

  bool server(const std::string& name) {
    return name.starts_with("unix:") ? unix_server(name.substr(5)) : udp_server(name);
  }

  bool unix_server(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
      return fail("invalid path \"" + path + "\" of a syslog server");
    }
    memcpy(address.sun_path, path.data(), path.size());
    memcpy(&made_->address_, &address, sizeof address);
    made_->length_ = sizeof address;
    return true;
  }

  bool udp_server(const std::string& name) {
    std::string host = name;
    std::string port = "514";
    size_t colon = name.rfind(':');
    bool bracketed = name.starts_with('[');
    if (colon != std::string::npos && (!bracketed || name[colon - 1] == ']')) {
      host = name.substr(0, colon);
      port = name.substr(colon + 1);
    }
    if (bracketed && host.ends_with(']')) { host = host.substr(1, host.size() - 2); }
    addrinfo hints{};
    hints.ai_socktype = SOCK_DGRAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) {
      return fail("host not found in syslog server \"" + name + "\"");
    }
    memcpy(&made_->address_, found->ai_addr, found->ai_addrlen);
    made_->length_ = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
  }

  conf::Build& build_;
  const conf::Word& at_;
  std::shared_ptr<Syslog> made_{new Syslog};
};

std::shared_ptr<Syslog> Syslog::parse(conf::Build& build, const conf::Word& at, std::string_view parameters) {
  return SyslogParser(build, at).parse(parameters);
}

Syslog::~Syslog() {
  if (fd_ >= 0) { close(fd_); }
}

void Syslog::complain(int sys) {
  retry_at_ = clock::now() + kRetryAfter;  // first: this log may be among those that the line goes to
  if (!line_.due()) { return; }
  log::error(sys, "a syslog server cannot be reached, %llu times; lines are lost",
             static_cast<unsigned long long>(line_.times()));
}

bool Syslog::ready() {
  if (fd_ >= 0) { return true; }
  if (clock::now() < retry_at_) { return false; }
  fd_ = socket(address_.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ >= 0 && connect(fd_, reinterpret_cast<sockaddr*>(&address_), length_) == 0) { return true; }
  int sys = errno;
  if (fd_ >= 0) { close(fd_); }
  fd_ = -1;
  complain(sys);
  return false;
}

void Syslog::write(log::Level level, std::string_view line) {
  if (line.ends_with('\n')) { line.remove_suffix(1); }
  send(severity_of(level), line);
}

void Syslog::send(std::string_view text) { send(severity_, text); }

void Syslog::send(int severity, std::string_view text) {
  int saved = errno;
  if (!ready()) {
    errno = saved;
    return;
  }
  // Mmm dd hh:mm:ss, the day padded with a blank.
  char when[32];
  time_t seconds = static_cast<time_t>(clock::wall() / 1000);
  tm local{};
  localtime_r(&seconds, &local);
  strftime(when, sizeof when, "%b %e %H:%M:%S", &local);
  std::string message = format("<%d>%s ", facility_ * 8 + severity, when);
  if (host_name_) {
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    message += host;
    message += ' ';
  }
  message += tag_;
  message += ": ";
  message += text;
  if (::send(fd_, message.data(), message.size(), MSG_NOSIGNAL) < 0 && errno != EAGAIN && errno != EMSGSIZE) {
    int sys = errno;
    close(fd_);  // the server went away; a unix socket must be connected anew
    fd_ = -1;
    complain(sys);
  }
  errno = saved;
}

}  // namespace sluice::os
