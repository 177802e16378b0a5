// The pages Sluice answers with when nobody configured another: a title, and at most the product's name. They
// say nothing of backends, files or reasons.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::http {

using std::string_view;

// server_tokens
enum class ServerTokens : uint8_t {
  on,     // name and version
  build,  // and what the builder called it
  off,    // not even the name
  text,   // what the configuration says
};

// Static storage, made at first use. Empty for a status that has no page (no body is sent then). Not for
// ServerTokens::text.
string_view error_page(uint16_t status, ServerTokens tokens);
// The same with a name of the configuration's; an empty one leaves no trace.
std::string error_page(uint16_t status, string_view product);
inline constexpr string_view kErrorPageType = "text/html";

// Some browsers show a page of their own instead of a short one: what makes it long enough.
extern const string_view kPadding;

// Whether a status sends the client to the Location beside it.
constexpr bool is_redirect(uint16_t status) {
  return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

// Codes that only error_page and the log know: 494 (head too large), 495 and 496 (client certificate wrong or
// missing), 497 (plain HTTP to a TLS port) go out as 400.
constexpr uint16_t status_on_wire(uint16_t status) { return status >= 494 && status <= 497 ? 400 : status; }

// Value of the Server field; empty: the field is left out. Not for ServerTokens::text.
string_view server_field(ServerTokens tokens);

}  // namespace sluice::http
