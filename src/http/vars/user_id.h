// The identifier that a `userid` cookie carries: 16 bytes as mod_uid and nginx make them, in Base64 in the
// cookie and in hexadecimal in logs.
#pragma once

#include <array>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string_view>

namespace sluice::http {

struct UserId {
  std::array<uint32_t, 4> words{};  // the 16 bytes, read as this machine reads numbers: logs show them so

  static constexpr size_t kBase64 = 24;
  static constexpr size_t kDigits = 32;
  static constexpr size_t kPadding = 22;  // where in the Base64 a mark may stand

  // Of a cookie's value, whatever follows its 22nd character; null when it is none.
  static std::optional<UserId> parse(std::string_view cookie);
  // Exactly kBase64 characters; the first of padding is `mark`.
  void write_base64(char* out, char mark) const;
  // Exactly kDigits characters.
  void write_digits(char* out) const;
  bool operator==(const UserId&) const = default;
};

// Makes identifiers that no other process or machine makes: where, when, by which process, and a number.
class UserIdMaker {
 public:
  UserIdMaker(uint32_t process, uint32_t microseconds) : start_((microseconds / 20) << 16 | process) {}
  // `service` as in userid_service or an IPv4 address in network order.
  UserId version_1(uint32_t service, uint32_t now);
  UserId version_2(uint32_t service, uint32_t now);

 private:
  uint32_t start_;
  uint32_t number_1_ = 1;
  uint32_t number_2_ = 0x03030302;
};

// The date of a cookie's "expires": "Thu, 31-Dec-37 23:55:55 GMT". Returns its end; room for 64 characters.
char* write_cookie_date(char* out, time_t seconds);

}  // namespace sluice::http
