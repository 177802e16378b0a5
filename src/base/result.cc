#include "base/result.h"

namespace sluice {

const char* name(What what) {
  switch (what) {
    case What::none:
      return "none";
    case What::closed:
      return "closed";
    case What::reset:
      return "reset";
    case What::refused:
      return "refused";
    case What::timeout:
      return "timeout";
    case What::canceled:
      return "canceled";
    case What::protocol:
      return "protocol";
    case What::too_large:
      return "too large";
    case What::unavailable:
      return "unavailable";
    case What::not_found:
      return "not found";
    case What::forbidden:
      return "forbidden";
    case What::exhausted:
      return "exhausted";
    case What::internal:
      return "internal";
  }
  return "?";
}

}  // namespace sluice
