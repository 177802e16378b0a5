// The `resolver` and `resolver_timeout` directives.
#pragma once

#include "conf/value.h"
#include "net/resolver.h"

namespace sluice::net {

struct ResolverSettings {
  Resolver* resolver = nullptr;  // null: none was named
  conf::Milliseconds timeout{30'000};
};

}  // namespace sluice::net
