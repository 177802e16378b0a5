#include "http/vars/geo_table.h"

#include <algorithm>
#include <utility>

namespace sluice::http {

uint32_t GeoTable::keep(string_view value) {
  auto [at, added] = known_.try_emplace(std::string(value), static_cast<uint32_t>(values_.size()));
  if (added) { values_.emplace_back(value); }
  return at->second;
}

GeoTable::Outcome GeoTable::add(const net::Network& network, string_view value) {
  uint32_t kept = keep(value);
  auto [at, added] = networks_.try_emplace(network, kept);
  if (added) { return {Added::yes}; }
  uint32_t old = std::exchange(at->second, kept);
  return {Added::replaced, values_[old]};
}

bool GeoTable::remove(const net::Network& network) { return networks_.erase(network) > 0; }

GeoTable::Outcome GeoTable::add_range(IpNumber first, IpNumber last, string_view value) {
  uint32_t kept = keep(value);
  auto after = ranges_.upper_bound(first);
  if (after != ranges_.begin()) {
    auto at = std::prev(after);
    IpNumber start = at->first;
    Span outer = at->second;
    if (outer.last >= first) {
      if (outer.last < last) { return {Added::overlaps, {}, start, outer.last}; }
      if (start == first && outer.last == last) {
        at->second.value = kept;
        return {Added::replaced, values_[outer.value]};
      }
      ranges_.erase(at);
      if (start < first) { ranges_[start] = {first.previous(), outer.value}; }
      if (last < outer.last) { ranges_[last.next()] = outer; }
      ranges_[first] = {last, kept};
      return {Added::yes};
    }
  }
  if (after != ranges_.end() && after->first <= last) {
    return {Added::overlaps, {}, after->first, after->second.last};
  }
  ranges_[first] = {last, kept};
  return {Added::yes};
}

bool GeoTable::remove_range(IpNumber first, IpNumber last) {
  auto at = ranges_.find(first);
  if (at == ranges_.end() || at->second.last != last) { return false; }
  ranges_.erase(at);
  return true;
}

// Spans in the order of their starts, wider ones first, become pieces; where a span ends, the one around it
// goes on.
class GeoTable::Sweep {
 public:
  explicit Sweep(GeoTable& table) : table_(table) {
    start(IpNumber::least(false), kNothing);
    start(IpNumber::least(true), kNothing);
  }
  void add(const IpNumber& first, const Span& span) {
    end_before(first);
    open_.push_back(span);
    start(first, span.value);
  }
  void finish() {
    while (!open_.empty()) { end_innermost(); }
  }

 private:
  void end_before(const IpNumber& first) {
    while (!open_.empty() && open_.back().last < first) { end_innermost(); }
  }
  void end_innermost() {
    IpNumber last = open_.back().last;
    open_.pop_back();
    if (last == IpNumber::most(last.v6)) { return; }
    start(last.next(), open_.empty() ? kNothing : open_.back().value);
  }
  void start(const IpNumber& at, uint32_t value) {
    if (at.v6) {
      put(table_.v6_, {at.high, at.low}, value);
    } else {
      put(table_.v4_, static_cast<uint32_t>(at.low), value);
    }
  }
  template <class Start>
  static void put(Pieces<Start>& pieces, const Start& start, uint32_t value) {
    if (!pieces.starts.empty() && pieces.starts.back() == start) {
      pieces.starts.pop_back();
      pieces.values.pop_back();
    }
    if (!pieces.values.empty() && pieces.values.back() == value) { return; }
    pieces.starts.push_back(start);
    pieces.values.push_back(value);
  }

  GeoTable& table_;
  std::vector<Span> open_;
};

void GeoTable::finish() {
  Sweep sweep(*this);
  for (const auto& [network, value] : networks_) { sweep.add(network.first, {network.last, value}); }
  for (const auto& [first, span] : ranges_) { sweep.add(first, span); }
  sweep.finish();
  v4_.starts.shrink_to_fit();
  v4_.values.shrink_to_fit();
  v6_.starts.shrink_to_fit();
  v6_.values.shrink_to_fit();
  networks_.clear();
  ranges_.clear();
  known_ = {};
}

string_view GeoTable::find(const IpNumber& address) const {
  auto value_in = [](const auto& pieces, const auto& key) {
    auto after = std::upper_bound(pieces.starts.begin(), pieces.starts.end(), key);
    if (after == pieces.starts.begin()) { return kNothing; }
    return pieces.values[static_cast<size_t>(after - pieces.starts.begin()) - 1];
  };
  uint32_t value = address.v6 ? value_in(v6_, std::pair(address.high, address.low))
                              : value_in(v4_, static_cast<uint32_t>(address.low));
  return value == kNothing ? string_view(default_) : string_view(values_[value]);
}

size_t GeoTable::footprint() const {
  size_t texts = 0;
  for (const std::string& value : values_) { texts += sizeof value + value.size(); }
  return texts + v4_.starts.capacity() * 8 + v6_.starts.capacity() * 20;
}

}  // namespace sluice::http
