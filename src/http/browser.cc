#include "http/browser.h"

namespace sluice::http {

namespace {
bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }
}  // namespace

// Opera used to say that it is one.
bool is_explorer(std::string_view user_agent) {
  return has(user_agent, "MSIE ") && !has(user_agent, "Opera");
}

bool is_old_explorer(std::string_view user_agent) {
  size_t at = user_agent.find("MSIE ");
  if (at == std::string_view::npos || user_agent.size() < at + 7) { return false; }
  char version = user_agent[at + 5];
  return version >= '4' && version <= '6' && user_agent[at + 6] == '.' && is_explorer(user_agent);
}

bool is_safari(std::string_view user_agent) {
  return has(user_agent, "Safari/") && has(user_agent, "Mac OS X") && !has(user_agent, "Chrome/");
}

bool wants_padding(std::string_view user_agent) {
  return is_explorer(user_agent) || has(user_agent, "Chrome/");
}

}  // namespace sluice::http
