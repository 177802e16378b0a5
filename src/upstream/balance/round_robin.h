// Smooth weighted round robin: a server of weight 5 among two of weight 1 is chosen a a b a c a a.
#pragma once

#include "upstream/group.h"

namespace sluice::upstream {

std::unique_ptr<Balancer> make_round_robin(const std::vector<Peer*>& peers);

}  // namespace sluice::upstream
