#include "os/affinity.h"

#include <algorithm>

namespace sluice::os {

std::optional<cpu_set_t> parse_cpu_mask(std::string_view text) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (text.empty() || text.size() > CPU_SETSIZE) { return std::nullopt; }
  size_t processor = 0;
  for (size_t i = text.size(); i-- > 0;) {
    if (text[i] == ' ') { continue; }
    if (text[i] != '0' && text[i] != '1') { return std::nullopt; }
    if (text[i] == '1') { CPU_SET(processor, &mask); }
    ++processor;
  }
  return mask;
}

cpu_set_t all_processors() {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  if (sched_getaffinity(0, sizeof usable, &usable) != 0) { CPU_SET(0, &usable); }
  return usable;
}

std::vector<cpu_set_t> one_processor_each(const cpu_set_t& of) {
  std::vector<cpu_set_t> masks;
  for (size_t i = 0; i < CPU_SETSIZE; ++i) {
    if (!CPU_ISSET(i, &of)) { continue; }
    cpu_set_t& mask = masks.emplace_back();
    CPU_ZERO(&mask);
    CPU_SET(i, &mask);
  }
  return masks;
}

const cpu_set_t& mask_for(const std::vector<cpu_set_t>& masks, bool automatic, unsigned number) {
  return automatic ? masks[number % masks.size()] : masks[std::min<size_t>(number, masks.size() - 1)];
}

}  // namespace sluice::os
