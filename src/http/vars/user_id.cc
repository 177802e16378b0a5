#include "http/vars/user_id.h"

#include <arpa/inet.h>

#include <cstdio>
#include <cstring>

#include "base/base64.h"

namespace sluice::http {

namespace {

constexpr size_t kBytes = 16;
constexpr uint32_t kStep = 0x100;  // the lowest byte is the format's

}  // namespace

std::optional<UserId> UserId::parse(std::string_view cookie) {
  if (cookie.size() < kPadding) { return std::nullopt; }
  cookie = cookie.substr(0, kPadding);
  char bytes[base64_room("0123456789012345678901")];
  std::optional<size_t> size = decode_base64(cookie, bytes);
  if (!size || *size != kBytes) { return std::nullopt; }
  UserId id;
  memcpy(id.words.data(), bytes, kBytes);
  return id;
}

void UserId::write_base64(char* out, char mark) const {
  constexpr char kDigits64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  unsigned char bytes[kBytes + 2] = {};
  memcpy(bytes, words.data(), kBytes);
  for (size_t i = 0; i < sizeof bytes; i += 3) {
    uint32_t bits = uint32_t{bytes[i]} << 16 | uint32_t{bytes[i + 1]} << 8 | bytes[i + 2];
    for (int shift = 18; shift >= 0; shift -= 6) { *out++ = kDigits64[bits >> shift & 63]; }
  }
  out[-2] = mark;
  out[-1] = '=';
}

void UserId::write_digits(char* out) const {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (uint32_t word : words) {
    for (int shift = 28; shift >= 0; shift -= 4) { *out++ = kHex[word >> shift & 15]; }
  }
}

UserId UserIdMaker::version_1(uint32_t service, uint32_t now) {
  UserId id{{service, now, start_, number_1_}};
  number_1_ += kStep;
  return id;
}

UserId UserIdMaker::version_2(uint32_t service, uint32_t now) {
  UserId id{{service, htonl(now), htonl(start_), htonl(number_2_)}};
  number_2_ += kStep;
  return id;
}

char* write_cookie_date(char* out, time_t seconds) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr size_t kCookieDate = 64;
  tm date{};
  gmtime_r(&seconds, &date);
  // Two digits of a year are read as 1970 to 2069 at best; some read 38 as 1938.
  int year = date.tm_year + 1900;
  bool four = year > 2037;
  int size = snprintf(out, kCookieDate,
                      four ? "%s, %02d-%s-%d %02d:%02d:%02d GMT" : "%s, %02d-%s-%02d %02d:%02d:%02d GMT",
                      kDays[date.tm_wday], date.tm_mday, kMonths[date.tm_mon], four ? year : year % 100,
                      date.tm_hour, date.tm_min, date.tm_sec);
  return out + size;
}

}  // namespace sluice::http
