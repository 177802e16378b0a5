#include "http/content/proxy_try.h"

namespace sluice::http {

uint32_t condition_of(uint16_t status) {
  switch (status) {
    case 500:
      return retry_on::k500;
    case 502:
      return retry_on::k502;
    case 503:
      return retry_on::k503;
    case 504:
      return retry_on::k504;
    case 403:
      return retry_on::k403;
    case 404:
      return retry_on::k404;
    case 429:
      return retry_on::k429;
    default:
      return 0;
  }
}

uint32_t condition_of(const Error& error) {
  switch (error.what) {
    case What::timeout:
      return retry_on::kTimeout;
    case What::protocol:
      return retry_on::kInvalidHeader;
    default:
      return retry_on::kError;
  }
}

}  // namespace sluice::http
