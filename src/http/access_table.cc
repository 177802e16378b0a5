#include "http/access_table.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace sluice::http {

using net::IpNumber;
using net::Network;

namespace {

const Network kAll4{IpNumber::least(false), IpNumber::most(false)};
const Network kAll6{IpNumber::least(true), IpNumber::most(true)};

}  // namespace

void AccessTable::add(const Network& network, Says says) { rules_.push_back({network, says}); }

void AccessTable::add_unix(Says says) {
  if (unix_ == Says::nothing) { unix_ = says; }
}

void AccessTable::add_all(Says says) {
  add(kAll4, says);
  add(kAll6, says);
  add_unix(says);
}

// Goes through the addresses from the lowest to the highest; of the rules that cover where it is, the first
// one in order counts.
class AccessTable::Sweep {
 public:
  explicit Sweep(const std::vector<Rule>& rules) : rules_(rules) {
    by_start_.resize(rules.size());
    for (size_t i = 0; i < rules.size(); ++i) { by_start_[i] = i; }
    std::sort(by_start_.begin(), by_start_.end(),
              [&](size_t a, size_t b) { return rules[a].network.first < rules[b].network.first; });
  }

  // Where the rules begin or end, in order.
  std::vector<IpNumber> boundaries() const {
    std::vector<IpNumber> all{IpNumber::least(false), IpNumber::least(true)};
    for (const Rule& rule : rules_) {
      all.push_back(rule.network.first);
      if (rule.network.last != IpNumber::most(rule.network.last.v6)) {
        all.push_back(rule.network.last.next());
      }
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  // To be asked for rising addresses.
  Says at(const IpNumber& address) {
    while (next_ < by_start_.size() && rules_[by_start_[next_]].network.first <= address) {
      open_.push(by_start_[next_++]);
    }
    while (!open_.empty() && rules_[open_.top()].network.last < address) { open_.pop(); }
    return open_.empty() ? Says::nothing : rules_[open_.top()].says;
  }

 private:
  const std::vector<Rule>& rules_;
  std::vector<size_t> by_start_;
  size_t next_ = 0;
  // Rules that have begun, the first in order on top; those that have ended go when they come to the top.
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> open_;
};

void AccessTable::finish() {
  starts_.clear();
  says_.clear();
  Sweep sweep(rules_);
  for (const IpNumber& start : sweep.boundaries()) {
    Says says = sweep.at(start);
    if (!says_.empty() && says_.back() == says) { continue; }
    starts_.push_back(start);
    says_.push_back(says);
  }
  starts_.shrink_to_fit();
  says_.shrink_to_fit();
}

AccessTable::Says AccessTable::find(const IpNumber& address) const {
  auto after = std::upper_bound(starts_.begin(), starts_.end(), address);
  if (after == starts_.begin()) { return Says::nothing; }
  return says_[static_cast<size_t>(after - starts_.begin()) - 1];
}

}  // namespace sluice::http
