#include "http/origin.h"

namespace sluice::http {

Origin* make_origin(Arena& arena, net::Connection& io, const OriginLimits& limits) {
  static const OriginRow* only = [] {
    const OriginRow* found = nullptr;
    Registry<const OriginRow>::each([&](const OriginRow& row) { found = &row; });
    return found;
  }();
  return only->make(arena, io, limits);
}

}  // namespace sluice::http
