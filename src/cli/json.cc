#include "cli/json.h"

#include <nlohmann/json.hpp>

namespace sluice::cli {

struct Json::Value {
  nlohmann::ordered_json json;
};

Json::Json(std::unique_ptr<Value> value) : value_(std::move(value)) {}
Json::Json(std::string_view text) : value_(new Value{std::string(text)}) {}
Json::Json(uint64_t number) : value_(new Value{number}) {}
Json::Json(bool flag) : value_(new Value{flag}) {}
Json::Json(Json&&) noexcept = default;
Json::~Json() = default;

Json Json::object() { return Json(std::make_unique<Value>(Value{nlohmann::ordered_json::object()})); }
Json Json::array() { return Json(std::make_unique<Value>(Value{nlohmann::ordered_json::array()})); }

Json& Json::set(const char* name, Json value) {
  value_->json[name] = std::move(value.value_->json);
  return *this;
}

Json& Json::add(Json value) {
  value_->json.push_back(std::move(value.value_->json));
  return *this;
}

std::string Json::text() const {
  return value_->json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace sluice::cli
