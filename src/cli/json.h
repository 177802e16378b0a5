// JSON for who reads with a program what a command says.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

// A value under construction; members stay in the order they are set. Text that is not UTF-8 is replaced, not
// refused: configurations may hold any bytes.
class Json {
 public:
  static Json object();
  static Json array();
  Json(std::string_view text);  // NOLINT: a text is one
  Json(const char* text) : Json(std::string_view(text)) {}
  Json(const std::string& text) : Json(std::string_view(text)) {}
  Json(uint64_t number);  // NOLINT: and so is a number
  Json(uint32_t number) : Json(uint64_t{number}) {}
  Json(bool flag);  // NOLINT: or a flag
  Json(Json&&) noexcept;
  ~Json();

  Json& set(const char* name, Json value);
  Json& add(Json value);
  std::string text() const;  // indented, with a newline at its end

 private:
  struct Value;
  explicit Json(std::unique_ptr<Value> value);
  std::unique_ptr<Value> value_;
};

}  // namespace sluice::cli
