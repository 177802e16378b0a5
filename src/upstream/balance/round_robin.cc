#include "upstream/balance/round_robin.h"

#include <cstdint>
#include <numeric>

namespace sluice::upstream {

namespace {

// The smooth order repeats after sum(weights)/gcd picks, so it is computed once and then only walked: a pick
// costs the same with 500 servers as with 5.
class Scheduled final : public Balancer {
 public:
  explicit Scheduled(const std::vector<Peer*>& peers, uint64_t period, uint32_t divisor) {
    std::vector<int64_t> current(peers.size(), 0);
    schedule_.reserve(period);
    for (uint64_t step = 0; step < period; ++step) {
      size_t best = 0;
      for (size_t i = 0; i < peers.size(); ++i) {
        current[i] += peers[i]->weight / divisor;
        if (current[i] > current[best]) { best = i; }
      }
      current[best] -= static_cast<int64_t>(period);
      schedule_.push_back(peers[best]);
    }
  }
  Peer* pick(std::string_view, const Tried& tried, uint64_t now) override {
    for (size_t step = 0; step < schedule_.size(); ++step) {
      Peer* peer = schedule_[next_];
      next_ = next_ + 1 == schedule_.size() ? 0 : next_ + 1;
      if (peer->usable(now) && !peer->full() && !tried.has(peer)) { return peer; }
    }
    return nullptr;
  }

 private:
  std::vector<Peer*> schedule_;
  size_t next_ = 0;
};

// For weights whose order would be too long to write down.
class Computed final : public Balancer {
 public:
  explicit Computed(const std::vector<Peer*>& peers) : peers_(peers), current_(peers.size(), 0) {}
  Peer* pick(std::string_view, const Tried& tried, uint64_t now) override {
    int64_t total = 0;
    size_t best = peers_.size();
    for (size_t i = 0; i < peers_.size(); ++i) {
      if (!peers_[i]->usable(now) || peers_[i]->full() || tried.has(peers_[i])) { continue; }
      current_[i] += peers_[i]->weight;
      total += peers_[i]->weight;
      if (best == peers_.size() || current_[i] > current_[best]) { best = i; }
    }
    if (best == peers_.size()) { return nullptr; }
    current_[best] -= total;
    return peers_[best];
  }

 private:
  std::vector<Peer*> peers_;
  std::vector<int64_t> current_;
};

constexpr uint64_t kLongestSchedule = 4096;
constexpr uint64_t kMostWork = 16 << 20;  // steps times peers while loading

}  // namespace

std::unique_ptr<Balancer> make_round_robin(const std::vector<Peer*>& peers) {
  uint64_t total = 0;
  uint32_t divisor = 0;
  bool equal = true;
  for (const Peer* peer : peers) {
    total += peer->weight;
    divisor = std::gcd(divisor, peer->weight);
    equal = equal && peer->weight == peers[0]->weight;
  }
  if (divisor == 0) { return std::make_unique<Scheduled>(peers, 0, 1); }
  uint64_t period = total / divisor;
  if (equal || (period <= kLongestSchedule && period * peers.size() <= kMostWork)) {
    return std::make_unique<Scheduled>(peers, period, divisor);
  }
  return std::make_unique<Computed>(peers);
}

}  // namespace sluice::upstream
