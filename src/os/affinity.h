// Processor masks, as worker_cpu_affinity writes them.
#pragma once

#include <sched.h>

#include <optional>
#include <string_view>
#include <vector>

namespace sluice::os {

// "0101": processors 0 and 2; blanks between the digits are allowed. Nothing when it is no mask.
std::optional<cpu_set_t> parse_cpu_mask(std::string_view text);
// Those that this process may use.
cpu_set_t all_processors();
// One mask for each processor in `of`.
std::vector<cpu_set_t> one_processor_each(const cpu_set_t& of);
// The mask for worker `number`: with masks of one processor each (auto) they are dealt out in turn.
const cpu_set_t& mask_for(const std::vector<cpu_set_t>& masks, bool automatic, unsigned number);

}  // namespace sluice::os
