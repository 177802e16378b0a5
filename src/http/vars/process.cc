// Variables that need no request: the time, the process, versions; and a request's random name.
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "config.h"
#include "http/vars/text_of.h"

namespace sluice::http {

namespace {

using conf::Evaluation;
using conf::Realm;
using conf::Value;
using conf::Variable;
using conf::VariableRow;

// Features are nginx's of this version, for configurations that ask.
constexpr string_view kCompatibleVersion = "1.31.0";

// Renderings are made anew each second, in place: a request may outlive one.
Value get_time_iso8601(Evaluation& in, const Variable&) { return {in.arena().copy(clock::iso8601())}; }

Value get_time_local(Evaluation& in, const Variable&) { return {in.arena().copy(clock::common_log())}; }

Value get_msec(Evaluation& in, const Variable&) { return seconds(in.arena(), clock::wall()); }

Value get_pid(Evaluation& in, const Variable&) {
  return decimal(in.arena(), static_cast<uint64_t>(getpid()));
}

Value get_hostname(Evaluation&, const Variable&) {
  static const std::string name = [] {
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    return to_lower(host);
  }();
  return {name};
}

Value get_nginx_version(Evaluation&, const Variable&) { return {kCompatibleVersion}; }

Value get_sluice_version(Evaluation&, const Variable&) { return {SLUICE_VERSION}; }

// Random bytes from the kernel, taken in larger pieces than one request needs.
class RandomBytes {
 public:
  const unsigned char* take(size_t size) {
    if (used_ + size > sizeof bytes_) { refill(); }
    const unsigned char* at = bytes_ + used_;
    used_ += size;
    return at;
  }

 private:
  // Never short nor interrupted up to 256 bytes (getrandom(2)).
  void refill() {
    [[maybe_unused]] ssize_t got = getrandom(bytes_, sizeof bytes_, 0);
    used_ = 0;
  }
  unsigned char bytes_[256];
  size_t used_ = sizeof bytes_;
};

Value get_request_id(Evaluation& in, const Variable&) {
  constexpr size_t kBytes = 16;
  constexpr char kHex[] = "0123456789abcdef";
  static RandomBytes random;
  const unsigned char* bytes = random.take(kBytes);
  char* out = in.arena().characters(2 * kBytes);
  for (size_t i = 0; i < kBytes; ++i) {
    out[2 * i] = kHex[bytes[i] >> 4];
    out[2 * i + 1] = kHex[bytes[i] & 15];
  }
  return {{out, 2 * kBytes}};
}

const VariableRow rows[] = {
    {Realm::http, "time_iso8601", get_time_iso8601, "The local time as ISO 8601 writes it."},
    {Realm::http, "time_local", get_time_local, "The local time as in the common log format."},
    {Realm::http, "msec", get_msec, "The time in seconds since 1970, with milliseconds."},
    {Realm::http, "pid", get_pid, "The number of the worker process."},
    {Realm::http, "hostname", get_hostname, "The name of the machine."},
    {Realm::http, "nginx_version", get_nginx_version,
     "The version of nginx whose configuration language this is."},
    {Realm::http, "sluice_version", get_sluice_version, "The version of Sluice."},
    {Realm::http, "request_id", get_request_id,
     "A name for the request: 16 random bytes as 32 hexadecimal digits.", false, false, nullptr, true},
};
const conf::Variables registered(rows);

}  // namespace

}  // namespace sluice::http
